//! Packs words, one a line, into the file whose words are keys in the suites of maps.

use std::error::Error;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;

use benches::words;
use clap::Parser;
use flate2::read::GzDecoder;

/// Packs words, one a line, into the form that the comparison carries.
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
    let list = BufReader::new(text)
        .lines()
        .collect::<Result<Vec<String>, _>>()?;
    let packed = words::pack(&list);
    assert!(
        words::unpack(&packed)? == list,
        "what was packed is not what unpacks"
    );
    fs::write(&args.to, &packed)?;
    println!("{} words in {} bytes", list.len(), packed.len());
    Ok(())
}
