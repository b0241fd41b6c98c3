//! What is said of a route: one operation, which the route's paths and methods share.

/// An operation. What stands in lists are names of components.
pub(super) struct Operation {
    /// What programs call it.
    pub(super) id: &'static str,
    pub(super) summary: &'static str,
    /// Text with `code`.
    pub(super) description: &'static str,
    pub(super) parameters: Vec<&'static str>,
    /// The request's body.
    pub(super) body: Option<&'static str>,
    /// Statuses and their responses. Those that come with access and methods are added: 401, 404, 500, and 204 of OPTIONS.
    pub(super) answers: Vec<(u16, &'static str)>,
}
