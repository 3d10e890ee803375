//! What a service is asked, to see whether it serves.

use std::net::IpAddr;

use super::super::document::{CheckWord, RawCheck, RawHttp, RawHttps, RawService, RawTalk};
use super::name::is_name;
use crate::document::{Complaints, Field, Span, Spanned, Text, WordOr};
use crate::ipvs::{Check, Page, Protocol, Scheme, Talk};

const HTTPS_REMEDY: &str =
    "add `host: NAME`, the name that clients ask for, or `insecure: true` to take any certificate";

/// The check of a service of that protocol and port.
pub(super) fn service_check(
    raw: &RawService,
    protocol: Protocol,
    port: u16,
    complaints: &mut Complaints,
) -> Check {
    let Some(written) = raw.check.as_ref().and_then(Field::get) else { return Check::Usual };
    let check = match &written.value {
        WordOr::Word(CheckWord::Http) => Check::Page(Page::default()),
        WordOr::Word(CheckWord::Https) => {
            let message = "`https` needs the name that the certificate is for";
            complaints.add(
                written.span,
                message,
                "write `check: { https: { host: NAME } }`, or `insecure: true` there",
            );
            return Check::Usual;
        }
        WordOr::Word(CheckWord::Tcp) => Check::Connection,
        WordOr::Word(CheckWord::None) => Check::None,
        WordOr::Full(full) => whole(full, written.span, complaints),
    };
    // `tcp` in short has always been taken of these, and means nothing to them.
    if matches!(check, Check::Page(_) | Check::Talk(_)) {
        if protocol != Protocol::Tcp {
            let message = format!("a {protocol} service can't be asked this");
            complaints.add(written.span, message, "leave `check` out: this version asks tcp services only");
        } else if port == 0 {
            let message = "a service of all ports has none that could be asked";
            complaints.add(written.span, message, "write the port in `address`, or leave `check` out");
        }
    }
    check
}

fn whole(raw: &RawCheck, span: Span, complaints: &mut Complaints) -> Check {
    match [raw.http.is_some(), raw.https.is_some(), raw.tcp.is_some()].iter().filter(|is| **is).count() {
        1 => {}
        0 => {
            let remedy = "write `http: { path: / }`, `https: { host: NAME }` or `tcp: { send: TEXT, expect: TEXT }` in it, \
                          or in short `check: http`, `tcp` or `none`";
            complaints.add(span, "`check` does not say what to ask", remedy);
        }
        _ => {
            complaints.add(
                span,
                "`check` asks one thing only",
                "leave all but one of `http`, `https` and `tcp` out",
            );
        }
    }
    if let Some(Field::Read(http)) = &raw.http {
        let RawHttp { path, host, status } = &http.value;
        return Check::Page(page(Scheme::Http, path, host, status, complaints));
    }
    if let Some(Field::Read(https)) = &raw.https {
        let RawHttps { path, host, status, insecure } = &https.value;
        let insecure = insecure.as_ref().and_then(Field::value).copied();
        if host.is_none() && insecure != Some(true) {
            let message = "`https` needs the name that the certificate is for";
            complaints.add(https.span, message, HTTPS_REMEDY);
        }
        let scheme = Scheme::Https { insecure: insecure.unwrap_or_default() };
        return Check::Page(page(scheme, path, host, status, complaints));
    }
    match &raw.tcp {
        Some(Field::Read(tcp)) => talk(&tcp.value, complaints),
        _ => Check::Usual,
    }
}

fn page(
    scheme: Scheme,
    path: &Option<Field<String>>,
    host: &Option<Field<String>>,
    status: &Option<Field<u16>>,
    complaints: &mut Complaints,
) -> Page {
    let mut page = Page { scheme, ..Page::default() };
    if let Some(path) = path.as_ref().and_then(Field::get) {
        check_path(path, complaints);
        page.path.clone_from(&path.value);
    }
    if let Some(host) = host.as_ref().and_then(Field::get) {
        let is_name = is_name(host, "`host`", complaints);
        if is_name && host.value.parse::<IpAddr>().is_ok() {
            let remedy =
                "write the name that clients ask for, or leave the key out for the service's own address";
            complaints.add(host.span, "`host` must be a name", remedy).label("this is an address");
        }
        page.host = Some(host.value.clone());
    }
    if let Some(status) = status.as_ref().and_then(Field::get) {
        if !(200..=599).contains(&status.value) {
            let message = format!("`status` cannot be {}", status.value);
            complaints.add(
                status.span,
                message,
                "write the HTTP status that the page comes with, 200 to 599",
            );
        }
        page.status = status.value;
    }
    page
}

/// A path becomes a part of a URL, between quotes.
fn check_path(path: &Spanned<String>, complaints: &mut Complaints) {
    let written = path.value.as_str();
    let bad = |letter: char| letter.is_whitespace() || letter.is_control() || "\"\\#".contains(letter);
    if let Some(letter) = written.chars().find(|letter| bad(*letter)) {
        let remedy = "write it as a URL has it: `%20` for a blank, `%22` for a quote";
        complaints.add(path.span, format!("a `path` cannot hold {letter:?}"), remedy);
    } else if !written.starts_with('/') {
        complaints.add(path.span, "a `path` begins with `/`", format!("write `/{written}`"));
    }
}

fn talk(raw: &RawTalk, complaints: &mut Complaints) -> Check {
    let text = |field: &Option<Field<Text>>| field.as_ref().and_then(Field::get).cloned();
    let (send, expect) = (text(&raw.send), text(&raw.expect));
    if send.is_none() && expect.is_none() {
        return Check::Connection;
    }
    if let Some(send) = send.as_ref().filter(|send| send.value.0.contains('\0')) {
        complaints.add(send.span, "`send` cannot hold a NUL", "leave the `\\0` out");
    }
    if let Some(expect) = &expect {
        let text = &expect.value.0;
        if text.is_empty() {
            complaints.add(expect.span, "`expect` is empty", "leave the key out, and any line will do");
        } else if text.contains(|letter: char| letter.is_control() && letter != '\t') {
            let remedy = "write a part of one line of the answer, without its line break";
            complaints.add(expect.span, "`expect` is more than a part of a line", remedy);
        }
    }
    let of = |text: Option<Spanned<Text>>| text.map(|text| text.value.0).unwrap_or_default();
    Check::Talk(Talk { send: of(send), expect: of(expect) })
}
