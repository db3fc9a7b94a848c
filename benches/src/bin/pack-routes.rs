//! Packs prefixes and their origins, lines of text, into a file that the comparison carries.

use std::error::Error;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use benches::prefixes::{self, Bits, Route};
use clap::Parser;
use flate2::read::GzDecoder;

/// Packs lines of `PREFIX/LENGTH<tab>ORIGIN`, sorted, of one family, into the form that the comparison
/// carries.
#[derive(Parser)]
struct Args {
    /// The text, compressed by gzip if its name says so
    from: PathBuf,
    /// The packed file
    to: PathBuf,
}

fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    let lines = lines(&args.from)?;
    let packed = match lines.first() {
        Some(first) if first.contains(':') => pack::<u128>(&lines)?,
        _ => pack::<u32>(&lines)?,
    };
    fs::write(&args.to, &packed)?;
    println!("{} bytes", packed.len());
    Ok(())
}

fn lines(path: &Path) -> Result<Vec<String>, std::io::Error> {
    let file = File::open(path)?;
    let text: Box<dyn Read> = match path.extension() {
        Some(extension) if extension == "gz" => Box::new(GzDecoder::new(file)),
        _ => Box::new(file),
    };
    BufReader::new(text).lines().collect()
}

fn pack<B: Bits>(lines: &[String]) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut routes: Vec<Route<B>> = Vec::new();
    for (line, number) in lines.iter().zip(1..) {
        let route: Route<B> = line
            .parse()
            .map_err(|e| format!("line {number}: {e}: {line}"))?;
        match routes.last() {
            Some(last) if route.first() <= last.last() => {
                eprintln!("line {number} overlaps the one before and is left out: {line}");
            }
            _ => routes.push(route),
        }
    }
    let packed = prefixes::pack(&routes);
    assert!(
        prefixes::unpack(&packed)? == routes,
        "what was packed is not what unpacks"
    );
    println!(
        "{} IPv{} prefixes",
        routes.len(),
        if B::LENGTH == 32 { 4 } else { 6 }
    );
    Ok(packed)
}
