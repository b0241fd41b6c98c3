//! What a model is said to be able to do: guessed from its id, as the backend guesses it (docs/api.md, "Provider catalogs").

use serde::{Serialize, Serializer, ser::SerializeStruct};

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

/// What every model takes.
const ALWAYS: [&str; 4] = ["max_tokens", "temperature", "top_p", "stop"];
/// What those take that call tools.
const WITH_TOOLS: [&str; 4] = ["tools", "tool_choice", "parallel_tool_calls", "response_format"];

/// What a model can do besides streaming, which every one can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::catalog) struct Capabilities {
    tools: bool,
    vision: bool,
    prompt_caching: bool,
}

impl Capabilities {
    /// Those of a model with this id, of this provider.
    pub(in crate::catalog) fn of(id: &str, provider_slug: &str) -> Self {
        let id = id.to_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| id.contains(word));
        Self {
            tools: has(&TOOLS),
            vision: has(&VISION),
            prompt_caching: CACHING.contains(&provider_slug) || has(&CACHING),
        }
    }

    /// The parameters that the model takes.
    pub(in crate::catalog) fn supported_parameters(self) -> Vec<&'static str> {
        let tools: &[_] = if self.tools { &WITH_TOOLS } else { &[] };
        let caching: &[_] = if self.prompt_caching { &["cache_control"] } else { &[] };
        [&ALWAYS, tools, caching].concat()
    }
}

impl Serialize for Capabilities {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Capabilities", 4)?;
        object.serialize_field("tools", &self.tools)?;
        object.serialize_field("vision", &self.vision)?;
        object.serialize_field("prompt_caching", &self.prompt_caching)?;
        object.serialize_field("streaming", &true)?;
        object.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capabilities_are_read_out_of_the_id_and_the_provider() {
        for (id, slug, tools, vision, prompt_caching) in [
            ("GPT-4o", "x", true, true, false),
            ("footstep-1", "x", true, false, false),
            ("mixed-two", "MixedCase", false, false, false),
            ("@cf/meta/llama-3.1-8b", "openai", true, false, true),
            ("@cf/meta/llama-3.1-8b", "@cf", true, false, false),
            ("google/aurora", "google", false, false, true),
            ("Anthropic/x", "other", false, false, true),
            ("x", "OpenAI", false, false, false),
        ] {
            let expected = Capabilities { tools, vision, prompt_caching };
            assert_eq!(Capabilities::of(id, slug), expected, "{id} of {slug}");
        }
    }

    #[test]
    fn parameters_follow_from_capabilities() {
        let of = |id, slug| Capabilities::of(id, slug).supported_parameters().join(" ");
        let always = "max_tokens temperature top_p stop";
        let tools = "tools tool_choice parallel_tool_calls response_format";
        assert_eq!(of("x", "x"), always);
        assert_eq!(of("qwen", "x"), format!("{always} {tools}"));
        assert_eq!(of("x", "google"), format!("{always} cache_control"));
        assert_eq!(of("deepseek-v3", "x"), format!("{always} {tools} cache_control"));
        assert_eq!(
            serde_json::to_string(&Capabilities::of("gpt-4o", "x")).unwrap(),
            r#"{"tools":true,"vision":true,"prompt_caching":false,"streaming":true}"#
        );
    }
}
