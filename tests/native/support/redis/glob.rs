//! Patterns of SCAN, as Redis matches them: on bytes.

/// Whether a text matches a pattern of `*`, `?`, `[a-z]`, `[^a]` and `\`.
pub fn matches(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern, text) {
        ([], []) => true,
        ([b'*', rest @ ..], _) => (0..=text.len()).any(|skipped| matches(rest, &text[skipped..])),
        ([b'?', rest @ ..], [_, text @ ..]) => matches(rest, text),
        ([b'[', class @ ..], [byte, text @ ..]) => {
            let (is_in, rest) = class_matches(class, *byte);
            is_in && matches(rest, text)
        }
        ([b'\\', literal, rest @ ..] | [literal, rest @ ..], [byte, text @ ..]) => {
            literal == byte && matches(rest, text)
        }
        _ => false,
    }
}

/// Whether a byte is in the class that begins behind its bracket, and what stands behind the class.
fn class_matches(class: &[u8], byte: u8) -> (bool, &[u8]) {
    let (is_negated, mut class) = match class {
        [b'^', class @ ..] => (true, class),
        class => (false, class),
    };
    let mut is_in = false;
    loop {
        (class, is_in) = match class {
            [] => return (is_in != is_negated, class),
            [b']', rest @ ..] => return (is_in != is_negated, rest),
            [b'\\', literal, rest @ ..] => (rest, is_in || *literal == byte),
            [from, b'-', to, rest @ ..] => {
                let range = (*from).min(*to)..=(*from).max(*to);
                (rest, is_in || range.contains(&byte))
            }
            [literal, rest @ ..] => (rest, is_in || *literal == byte),
        };
    }
}
