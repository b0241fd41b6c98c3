//! What is pasted along with a setting, and breaks it where nobody looks: a byte-order mark, a zero-width space, quotes,
//! an ellipsis of what was cut off. Such a value would not fail here but far away, as a server that cannot be reached or
//! a token that never fits.

/// What cannot be right in a URL, a token, a key or a name, if there is anything. White space around it was trimmed.
pub(super) fn blemish(text: &str) -> Option<&'static str> {
    if text.contains(char::is_whitespace) {
        return Some("holds white space");
    }
    if text.contains(|c: char| !c.is_ascii_graphic()) {
        return Some("holds a character that is not printable ASCII, such as a byte-order mark");
    }
    if text.contains(['"', '\'', '`']) {
        return Some("holds a quote");
    }
    text.contains("...").then_some("holds an ellipsis, as if it had been cut off")
}
