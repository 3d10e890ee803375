//! What shows that a real server serves. The kernel knows nothing of it: who owns the table does.

/// What a director asks of a new real server of a service, and a client of the service itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Check {
    /// Nothing was said of it: a real server takes a connection, and the service has a page at `/` over HTTP.
    #[default]
    Usual,
    /// It takes a TCP connection.
    Connection,
    /// It says something over one.
    Talk(Talk),
    /// It has a page.
    Page(Page),
    /// Nothing is asked.
    None,
}

/// A few words over a TCP connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Talk {
    /// What is sent; empty where the other side speaks first.
    pub send: String,
    /// What a line of the answer must hold; empty where any will do.
    pub expect: String,
}

/// A page that is asked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Page {
    /// How.
    pub scheme: Scheme,
    /// The name that it is asked by, in place of the address: of the `Host` header, and for TLS of the certificate.
    pub host: Option<String>,
    /// Its path, which begins with `/`.
    pub path: String,
    /// The status that it must come with.
    pub status: u16,
}

/// How a page is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scheme {
    /// In the clear.
    Http,
    /// Over TLS.
    Https {
        /// Any certificate will do.
        insecure: bool,
    },
}

impl Check {
    /// What a director asks of a real server; `None` where it asks nothing.
    pub fn of_director(&self) -> Option<Check> {
        match self {
            Check::Usual => Some(Check::Connection),
            Check::None => None,
            asked => Some(asked.clone()),
        }
    }

    /// What a client asks of the service; `None` where it asks nothing.
    pub fn of_client(&self) -> Option<Check> {
        match self {
            Check::Usual => Some(Check::Page(Page::default())),
            Check::None => None,
            asked => Some(asked.clone()),
        }
    }
}

/// The page at `/`, over HTTP and by no name.
impl Default for Page {
    fn default() -> Self {
        Page { scheme: Scheme::Http, host: None, path: "/".into(), status: 200 }
    }
}
