//! How an address is asked what a check says, in the words of sh: all of it is curl's to do. Where curl was built without
//! telnet, as the small one of RHEL is, bash opens the connection of a talk.

use std::net::SocketAddr;

use super::word::{quote, words};
use crate::ipvs::{Page, Scheme, Talk};

#[cfg(test)]
pub mod tests;

/// What stands in front of what is told of an answer, behind the answer itself.
pub const MARK: char = '\u{1e}';

/// Seconds for the connection of a talk.
const CONNECT_SECONDS: u32 = 2;
/// Seconds for the whole of a talk.
pub const TALK_SECONDS: u32 = 5;

/// `talk SEND EXPECT ADDRESS HOST PORT` prints the lines of the answer up to the one that holds what is expected, and then
/// [`MARK`] with `ok`, or with `no` and why not.
///
/// curl goes on after the end of its input until the other side ends the connection, or its time is up: it is ended as soon
/// as the line is there. Its number comes first, as `sh -c` becomes it; what the shell says of its end is not told.
const TALK: &str = r#"case " $(curl -q -V 2>/dev/null)" in
*' telnet'*) dial='echo $$; exec curl -q -g -sS -N --noproxy "*" --connect-timeout CONNECT -m ALL "telnet://$1"' ;;
*)
    for tool in bash timeout; do
        command -v $tool >/dev/null || {
            echo "curl knows no telnet here, and without $tool nothing else can take its place: install a whole curl, or have the service checked by other means" >&2
            exit 127
        }
    done
    dial='echo $$; exec timeout ALL bash -c '\''exec 3<>"/dev/tcp/$2/$3" && cat >&3 && exec cat <&3'\'' bash "$@"'
    ;;
esac
talk() {
    send=$1 expect=$2
    shift 2
    {
        printf %s "$send" | sh -c "$dial" sh "$@" 2>&1 | {
            IFS= read -r number || :
            told=
            wrong=
            while IFS= read -r line || [ -n "$line" ]; do
                case $line in
                'curl: ('* | 'bash: '*)
                    wrong=${line#*: }
                    wrong=${wrong#line 1: }
                    continue
                    ;;
                # What the loader has to say of it is no answer.
                'curl: '*) continue ;;
                esac
                told=$line
                printf '%s\n' "$line"
                case $line in
                *"$expect"*)
                    kill "$number" || :
                    printf '\036ok\n'
                    exit 0
                    ;;
                esac
            done
            if [ -n "$told" ]; then
                printf '\036no line of its answer holds what is expected; the last is: %s\n' "$told"
            else
                printf '\036no answer: %s\n' "${wrong:-it says nothing}"
            fi
        }
    } 2>/dev/null
}
"#;

/// The URL of a page of an address. Where it is asked by a name, the name stands in it.
pub fn page_url(page: &Page, address: SocketAddr) -> String {
    let scheme = match page.scheme {
        Scheme::Http => "http",
        Scheme::Https { .. } => "https",
    };
    match &page.host {
        Some(host) => format!("{scheme}://{host}:{}{}", address.port(), page.path),
        None => format!("{scheme}://{address}{}", page.path),
    }
}

/// What curl must be told beside the URL, as words of sh with a space behind them: that the name is the address.
pub fn page_options(page: &Page, address: SocketAddr) -> String {
    let mut options = String::new();
    if let Some(host) = &page.host {
        let resolve = format!("{host}:{}:{}", address.port(), address.ip());
        options += &format!("--resolve {} ", quote(&resolve));
    }
    if let Scheme::Https { insecure: true } = page.scheme {
        options += "--insecure ";
    }
    options
}

/// POSIX sh that defines what a talk needs.
pub fn talk_functions() -> String {
    TALK.replace("CONNECT", &CONNECT_SECONDS.to_string()).replace("ALL", &TALK_SECONDS.to_string())
}

/// The call of a talk with an address.
pub fn talk_call(talk: &Talk, address: SocketAddr) -> String {
    let (whole, ip, port) = (address.to_string(), address.ip().to_string(), address.port().to_string());
    format!("talk {}", words([talk.send.as_str(), &talk.expect, &whole, &ip, &port]))
}
