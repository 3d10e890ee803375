//! Room where something was to be written: asked for when a script failed, as shells word that differently, and dash only
//! says that it could not write.

use super::word::words;

/// A file system that has no room left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Full {
    /// Where it is mounted: `/`.
    pub mount: String,
    /// df's own line about it: `df -Pk: /dev/vda 2030416 2030416 0 100% /`.
    pub told: String,
}

/// The folders that most changes write to.
const FOLDERS: [&str; 3] = ["/var/lib/lvsprov", "/etc", "/run"];

/// The most that is written to try.
const MOST_KIB: usize = 16 * 1024;

/// Writes as much once more beside what could not be written, by a tool that tells why it fails, and asks df where that is
/// for want of room. Nothing stays of it.
const TRY: &str = r#"for d in FOLDERS; do
  while [ -n "$d" ] && ! [ -d "$d" ]; do d=${d%/*}; done
  t=$d/.lvsprov.space.new
  case $t in /proc/* | /sys/* | /dev/*) continue;; esac
  rm -f "$t"
  if said=$( (set -C; LC_ALL=C dd if=/dev/zero bs=1024 count=KIB >"$t") 2>&1); then said=; fi
  rm -f "$t"
  case $said in
  *'No space left on device'* | *'quota exceeded'*)
    df -Pk "${d:-/}" | sed -n '$s/^/space KIB /p'
    df -Pi "${d:-/}" 2>/dev/null | sed -n '$s/^/inodes 0 /p' ;;
  esac
done
"#;

impl Full {
    /// Whether what a script said may be for want of room.
    pub fn may_be_why(said: &str) -> bool {
        let said = said.to_lowercase();
        let words = ["i/o error", "write error", "no space left", "quota exceeded", "short write"];
        words.iter().any(|words| said.contains(words))
    }

    /// POSIX sh that prints the file systems without room for so many bytes: that of the file, and those that most changes
    /// write to.
    pub fn probe(file: Option<&str>, bytes: usize) -> String {
        let folder = file.and_then(|file| Some(file.rsplit_once('/')?.0));
        let folders = words(folder.into_iter().chain(FOLDERS));
        let kib = (bytes / 1024 + 1).min(MOST_KIB);
        TRY.replace("FOLDERS", &folders).replace("KIB", &kib.to_string())
    }

    /// Each once, from what [`Full::probe`] printed.
    pub fn parse(printed: &[u8]) -> Vec<Full> {
        let text = String::from_utf8_lossy(printed);
        let mut all: Vec<Full> = Vec::new();
        for line in text.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            let [kind, tried, told @ ..] = &words[..] else { continue };
            let Some((mount, available)) = read(told) else { continue };
            let told = told.join(" ");
            match (*kind, all.iter_mut().find(|full| full.mount == mount)) {
                ("space", None) => {
                    let more =
                        if available > 0 { format!("; {tried} KiB did not fit") } else { String::new() };
                    all.push(Full { mount, told: format!("df -Pk: {told}{more}") });
                }
                // There is space, and no file more.
                ("inodes", Some(full)) if available == 0 && !full.told.contains("df -Pi") => {
                    full.told += &format!("\ndf -Pi: {told}");
                }
                _ => {}
            }
        }
        all
    }
}

/// Where it is mounted and how much is available, from the words of a line of `df -P`.
fn read(words: &[&str]) -> Option<(String, u64)> {
    let [_, _, _, available, _, mount @ ..] = words else { return None };
    Some((mount.join(" "), available.parse().ok()?)).filter(|(mount, _)| mount.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shells_words_for_a_failed_write_make_one_ask() {
        for said in [
            "sh: 7: printf: I/O error",
            "bash: line 7: printf: write error: No space left on device",
            "sh: write error: No space left on device",
            "cp: error writing '/etc/x': Disk quota exceeded",
        ] {
            assert!(Full::may_be_why(said), "{said}");
        }
        assert!(!Full::may_be_why("sh: 3: Syntax error: end of file unexpected"));
    }

    #[test]
    fn df_tells_where() {
        let printed = b"space 1 /dev/vda 2030416 2030416 0 100% /\ninodes 0 /dev/vda 1000 400 600 40% /\n\
            space 1 /dev/vda 2030416 2030416 0 100% /\nspace 7 tmpfs  5  0  5 0% /run/my run\ninodes 0 tmpfs 9 9 0 100% /run/my run\n";
        let full = Full::parse(printed);
        let mounts: Vec<&str> = full.iter().map(|full| full.mount.as_str()).collect();
        assert_eq!(mounts, ["/", "/run/my run"]);
        assert_eq!(full[0].told, "df -Pk: /dev/vda 2030416 2030416 0 100% /");
        let tmpfs =
            "df -Pk: tmpfs 5 0 5 0% /run/my run; 7 KiB did not fit\ndf -Pi: tmpfs 9 9 0 100% /run/my run";
        assert_eq!(full[1].told, tmpfs);
        assert_eq!(Full::parse(b"space 1 df: /x: No such file or directory\n"), []);
    }
}
