//! What a model can do as the backend guesses it: by words within its id and by its provider (docs/backend.md, "Capabilities of
//! a provider's model").

use serde::{Serialize, Serializer, ser::SerializeMap};

const TOOLS: [&str; 22] = [
    "claude",
    "gpt-3.5-turbo",
    "gpt-4",
    "gpt-5",
    "o1",
    "o3",
    "o4",
    "gemini",
    "mistral-large",
    "command-r",
    "llama-3.1",
    "llama-3.3",
    "llama-4",
    "qwen",
    "deepseek",
    "grok",
    "kimi",
    "moonshot",
    "minimax",
    "glm",
    "mimo",
    "step",
];
const VISION: [&str; 12] = [
    "claude-3",
    "claude-sonnet",
    "claude-opus",
    "claude-haiku",
    "gpt-4o",
    "gpt-4-turbo",
    "gpt-5",
    "gemini",
    "llama-3.2-vision",
    "qwen2-vl",
    "pixtral",
    "grok-vision",
];
const CACHING: [&str; 5] = ["anthropic", "openai", "google", "google-vertex", "deepseek"];

const PARAMETERS: [&str; 4] = ["max_tokens", "temperature", "top_p", "stop"];
const TOOL_PARAMETERS: [&str; 4] =
    ["tools", "tool_choice", "parallel_tool_calls", "response_format"];
const CACHE_PARAMETER: &str = "cache_control";

/// What a model can do; streaming always.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    tools: bool,
    vision: bool,
    prompt_caching: bool,
}

impl Capabilities {
    /// What a model of this id can do when this provider serves it.
    pub fn of(id: &str, provider_slug: &str) -> Self {
        let id = id.to_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| id.contains(word));
        Self {
            tools: has(&TOOLS),
            vision: has(&VISION),
            prompt_caching: CACHING.contains(&provider_slug) || has(&CACHING),
        }
    }

    /// The names of the parameters that a request for the model may have, in the backend's order.
    pub fn supported_parameters(self) -> Vec<&'static str> {
        let tools = TOOL_PARAMETERS.into_iter().filter(|_| self.tools);
        let caching = Some(CACHE_PARAMETER).filter(|_| self.prompt_caching);
        PARAMETERS.into_iter().chain(tools).chain(caching).collect()
    }
}

impl Serialize for Capabilities {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(4))?;
        map.serialize_entry("tools", &self.tools)?;
        map.serialize_entry("vision", &self.vision)?;
        map.serialize_entry("prompt_caching", &self.prompt_caching)?;
        map.serialize_entry("streaming", &true)?;
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_anywhere_in_the_id_counts_in_any_letter_case() {
        for (id, slug, tools, vision, prompt_caching) in [
            ("x/plain", "groq", false, false, false),
            ("X/GPT-4o-mini", "groq", true, true, false),
            ("footstep-1", "groq", true, false, false),
            ("solo1", "groq", true, false, false),
            ("x/pixtral", "groq", false, true, false),
            ("deepseek-v3", "near", true, false, true),
            ("plain", "google-vertex", false, false, true),
            ("plain", "Google", false, false, false),
            ("", "openai", false, false, true),
        ] {
            let expected = Capabilities { tools, vision, prompt_caching };
            assert_eq!(Capabilities::of(id, slug), expected, "{id} of {slug}");
        }
    }

    #[test]
    fn parameters_and_fields_stand_in_the_backends_order() {
        let all = Capabilities { tools: true, vision: false, prompt_caching: true };
        assert_eq!(
            all.supported_parameters().join(" "),
            "max_tokens temperature top_p stop tools tool_choice parallel_tool_calls response_format cache_control"
        );
        assert_eq!(
            serde_json::to_string(&all).unwrap(),
            r#"{"tools":true,"vision":false,"prompt_caching":true,"streaming":true}"#
        );
        let none = Capabilities::of("plain", "groq");
        assert_eq!(none.supported_parameters(), PARAMETERS);
    }
}
