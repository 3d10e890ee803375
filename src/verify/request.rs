//! One request.

/// One request that a client made, with a connection of its own.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Request {
    /// The host name of the real server that answered, known by its page; `None` when none did, or the answer does not
    /// tell.
    pub real_server: Option<String>,
    /// The HTTP status; 0 when there was no answer, or another than a page was asked for.
    pub http_code: u16,
    /// How long it took; 0 when nobody took the time.
    pub seconds: f64,
    /// The client's own port; 0 when there was no connection. The kernel gives one out again after some thousands.
    pub local_port: u16,
    /// A connection was opened for it.
    pub own_connection: bool,
    /// What went wrong.
    pub error: Option<String>,
    /// Something came that is no answer of a web server, or only that of one that wants TLS.
    pub no_http: bool,
}
