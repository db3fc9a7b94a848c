//! Packs prefixes and their origins, lines of text, into the file that the suite `table` carries.

use std::error::Error;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;

use benches::data::{self, Route};
use clap::Parser;
use flate2::read::GzDecoder;

/// Packs lines of `PREFIX/LENGTH<tab>ORIGIN`, sorted, into the form that the comparison carries.
#[derive(Parser)]
struct Args {
    /// The text, compressed by gzip if its name says so
    from: PathBuf,
    /// The packed file
    to: PathBuf,
}

fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    let file = File::open(&args.from)?;
    let text: Box<dyn Read> = match args.from.extension() {
        Some(extension) if extension == "gz" => Box::new(GzDecoder::new(file)),
        _ => Box::new(file),
    };
    let mut routes: Vec<Route> = Vec::new();
    for (line, number) in BufReader::new(text).lines().zip(1..) {
        let line = line?;
        let route: Route = line
            .parse()
            .map_err(|e| format!("line {number}: {e}: {line}"))?;
        match routes.last() {
            Some(last) if route.first() <= last.last() => {
                eprintln!("line {number} overlaps the one before and is left out: {line}");
            }
            _ => routes.push(route),
        }
    }
    let packed = data::pack(&routes);
    assert!(
        data::unpack(&packed)? == routes,
        "what was packed is not what unpacks"
    );
    fs::write(&args.to, &packed)?;
    println!("{} prefixes in {} bytes", routes.len(), packed.len());
    Ok(())
}
