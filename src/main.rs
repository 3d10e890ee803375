//! Parses the command line, runs the verb, and ends with its exit code.

fn main() {}
