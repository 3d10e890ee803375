//! The reference on a terminal.

use textwrap::{Options, WordSplitter};

use super::values;
use crate::playbook::Reference;

/// Columns, as of a manual page.
const WIDTH: usize = 80;

/// All modules, one line each.
pub fn list(modules: &[Reference]) -> String {
    let width = modules.iter().map(|module| module.name.len()).max().unwrap_or_default();
    modules.iter().map(|module| format!("{:width$}  {}\n", module.name, module.summary)).collect()
}

/// One module, whole.
pub fn page(module: &Reference) -> String {
    let mut page = format!("{}\n", module.name);
    for paragraph in std::iter::once(&module.summary).chain(&module.paragraphs) {
        page += &format!("{}\n\n", indented(paragraph, "  "));
    }
    page += "Arguments\n";
    let width = module.arguments.iter().map(|argument| argument.name.len()).max().unwrap_or_default();
    let indent = " ".repeat(width + 4);
    for argument in &module.arguments {
        page += &format!("  {:width$}  {}\n", argument.name, values(argument));
        page += &format!("{}\n", indented(&argument.meaning, &indent));
        for (word, meaning) in &argument.words {
            page += &format!("{}\n", hanging(&format!("{word}: {meaning}"), &indent));
        }
    }
    page += "\nExamples\n";
    page.extend(module.examples.lines().map(|line| format!("  {line}\n")));
    page
}

fn indented(text: &str, indent: &str) -> String {
    wrapped(text, indent, indent)
}

/// An entry of a list.
fn hanging(text: &str, indent: &str) -> String {
    wrapped(text, &format!("{indent}- "), &format!("{indent}  "))
}

fn wrapped(text: &str, first: &str, rest: &str) -> String {
    let options = Options::new(WIDTH).word_splitter(WordSplitter::NoHyphenation);
    textwrap::fill(text, options.initial_indent(first).subsequent_indent(rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playbook::modules;

    #[test]
    fn a_page_fits_a_terminal() {
        for module in modules() {
            let module = Reference::of(module);
            // Examples are to be copied, and stay as they are.
            let page = page(&module);
            let (prose, _) = page.split_once("\nExamples\n").unwrap();
            let wide: Vec<&str> = prose.lines().filter(|line| line.chars().count() > WIDTH).collect();
            assert!(wide.is_empty(), "{wide:?}");
        }
        let all: Vec<Reference> = modules().into_iter().map(Reference::of).collect();
        let wide = list(&all).lines().filter(|line| line.chars().count() > WIDTH).count();
        assert_eq!(wide, 0, "one line each:\n{}", list(&all));
    }

    #[test]
    fn a_page_says_what_a_module_takes() {
        let package = modules().into_iter().find(|module| module.name == "package").unwrap();
        insta::assert_snapshot!(page(&Reference::of(package)), @r#"
        package
          Packages that are, or are not, on the host.

          They come and go through apt, dnf or yum, zypper, or apk; the module refuses
          on other families of distributions. Recommended packages are left out,
          configuration files that were edited stay, and what an interrupted run left
          half installed is healed. A lock that somebody else holds is waited for, five
          minutes at most, and its holder is named.

        Arguments
          name             text or list of texts; required
                           One package or a list, which is installed in one go.
          state            `present`, `latest` or `absent`; default `present`
                           Whether they are to be there. An installed package of any
                           version is `present`; one that is removed may leave its
                           configuration behind.
                           - present: Installed and configured.
                           - latest: Installed, in the newest version that the host's
                             package index knows.
                           - absent: Not installed.
          version          text or whole number; optional
                           The version that is to be there, as the package manager
                           writes it; with a `*` at its end, any that begins so. Of one
                           that stands without its release (`2.4.57` for `2.4.57-5.el9`)
                           any release will do, but on the Debian family. For one
                           package only.
          allow_downgrade  true or false; default `false`
                           Whether an older `version` may take the place of a newer one.
                           Without it that is refused.
          update_cache     whole number; optional
                           The package index is refreshed before a change when it is
                           older than this many minutes. With `state: latest` an older
                           one is a change by itself, as what is newest is known only as
                           of the last refresh.

        Examples
          - package: { name: [apache2, curl] }
          - package: { name: apache2, version: "2.4.*" }
          - package: { name: openssl, state: latest, update_cache: 60 }
          - package: { name: telnetd, state: absent }
        "#);
    }
}
