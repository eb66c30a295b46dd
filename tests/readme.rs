//! Runs the README's examples against the lab, as the README shows them, and compares the output.
//! Numbers (ports, dates, times) and the order of rows are ignored.

mod support;

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Printed before the output of each command.
const MARK: &str = "@@ next command";

/// A command, with all its lines, and the output in the README.
#[derive(Debug)]
struct Shown {
    command: String,
    output: Vec<String>,
}

/// Returns the commands of the section on examples, in order.
fn shown() -> Vec<Shown> {
    let readme = include_str!("../README.md");
    let (_, rest) = readme.split_once("\n## Examples\n").expect("a section");
    let (section, _) = rest.split_once("\n## ").expect("a section after it");
    let mut found: Vec<Shown> = Vec::new();
    for block in section.split("```console\n").skip(1) {
        let (block, _) = block.split_once("```").expect("blocks end");
        for line in block.lines() {
            if let Some(command) = line.strip_prefix("$ ") {
                found.push(Shown {
                    command: command.to_owned(),
                    output: Vec::new(),
                });
                continue;
            }
            let last = found.last_mut().expect("a block begins with a command");
            match line.strip_prefix('>') {
                Some(more) => last.command = format!("{}\n{more}", last.command),
                None => last.output.push(line.to_owned()),
            }
        }
    }
    found
}

/// Runs all commands in one shell, because they depend on each other. Returns the output of each.
fn run(commands: &[Shown], folder: &Path) -> Vec<Vec<String>> {
    let mut script = String::new();
    for Shown { command, .. } in commands {
        script += &format!("echo '{MARK}'\n{command}\n");
    }
    let program = Path::new(support::TLSWEEP).parent().expect("a folder");
    let output = Command::new("bash")
        .args([
            "-c",
            &format!("PATH={}:$PATH; exec 2>&1; {script}", program.display()),
        ])
        .current_dir(folder)
        .output()
        .expect("bash runs");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let lines = |part: &str| part.lines().map(str::to_owned).collect();
    text.split(&format!("{MARK}\n"))
        .skip(1)
        .map(lines)
        .collect()
}

/// A lab that runs until it is dropped.
struct Lab(Child);

impl Lab {
    fn start(folder: &Path) -> Self {
        let file = File::create(folder.join("lab.txt")).expect("a file");
        let mut child = Command::new(support::TLSWEEP)
            .args(["demo", "--serve"])
            .stdout(file)
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program runs");
        let stderr = child.stderr.take().expect("its standard error");
        let lab = Self(child);
        let first = BufReader::new(stderr).lines().next();
        let first = first.expect("a line when it is up").expect("UTF-8");
        assert!(first.contains("serving until interrupted"), "{first}");
        lab
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let interrupt = ["-INT".to_owned(), self.0.id().to_string()];
        let _ = Command::new("kill").args(interrupt).status();
        let _ = self.0.wait();
    }
}

/// Normalises lines for the comparison: sorts them, merges blanks and runs of digits, and removes
/// the progress lines that are printed without a terminal.
fn plain(lines: &[String]) -> Vec<String> {
    let mut plain: Vec<String> = lines
        .iter()
        .filter(|line| !line.trim().is_empty())
        .filter(|line| !(line.starts_with("tlsweep: ") && line.contains(" in flight")))
        .map(|line| {
            let mut made = String::new();
            for letter in line
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
                .chars()
            {
                let letter = if letter.is_ascii_digit() { '0' } else { letter };
                if letter != '0' || !made.ends_with('0') {
                    made.push(letter);
                }
            }
            made
        })
        .collect();
    plain.sort();
    plain
}

/// Returns true if the output agrees with the README. If the README omits lines with `…`, every
/// line that it shows must occur, and a line that ends with `…` shows only the beginning. Otherwise
/// both must be equal.
fn agree(shown: &[String], printed: &[String]) -> bool {
    let (shown, printed) = (plain(shown), plain(printed));
    if shown.iter().all(|line| line != "…") {
        return shown == printed;
    }
    shown.iter().filter(|line| *line != "…").all(|line| {
        let begins = line.trim_end_matches('…');
        printed.iter().any(|it| it.starts_with(begins))
    })
}

#[test]
fn the_examples_print_what_the_readme_shows() {
    let folder = support::folder();
    let folder = folder.path();
    let _lab = Lab::start(folder);
    let commands = shown();
    assert!(
        commands.len() > 30,
        "only {} commands found",
        commands.len()
    );
    let printed = run(&commands, folder);
    assert_eq!(printed.len(), commands.len());
    let mut apart = Vec::new();
    for (Shown { command, output }, printed) in commands.iter().zip(&printed) {
        if !agree(output, printed) {
            apart.push(format!(
                "$ {command}\n--- shown\n{}\n--- printed\n{}",
                output.join("\n"),
                printed.join("\n")
            ));
        }
    }
    assert!(apart.is_empty(), "{}", apart.join("\n\n"));
}
