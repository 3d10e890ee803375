//! The page by which a real server is known where its web server's first page is somebody else's.

/// Its name in the web server's folder, and so its path in a URL.
pub const REAL_SERVER_PAGE: &str = "lvsprov-real-server";
