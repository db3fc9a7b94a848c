//! The routes that the suite `table` looks addresses up in, and their packed form.
//!
//! Packed: a magic word, then, deflated, the number of origins and of routes, the origins in
//! ascending order as differences, and three columns of the routes: the gap after the route before,
//! the prefix's length, and the origin's place among the origins, in three bytes. Numbers are
//! little-endian base-128.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::Ipv4Addr;
use std::str::FromStr;

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

const MAGIC: &[u8; 8] = b"ip4-asn\x01";

/// A block of addresses and the number of the autonomous system that originates it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    first: u32,
    length: u8,
    origin: u32,
}

impl Route {
    /// A route; none unless `first` is the first address of a block of that length.
    pub fn new(first: u32, length: u8, origin: u32) -> Option<Route> {
        let route = Route {
            first,
            length,
            origin,
        };
        (length <= 32 && first & route.host_mask() == 0).then_some(route)
    }

    fn host_mask(self) -> u32 {
        u32::MAX.checked_shr(u32::from(self.length)).unwrap_or(0)
    }

    /// The first address.
    pub fn first(self) -> u32 {
        self.first
    }

    /// The last address.
    pub fn last(self) -> u32 {
        self.first | self.host_mask()
    }

    /// Whoever originates it.
    pub fn origin(self) -> u32 {
        self.origin
    }
}

impl FromStr for Route {
    type Err = &'static str;

    fn from_str(line: &str) -> Result<Route, &'static str> {
        let (prefix, origin) = line.split_once('\t').ok_or("no tab")?;
        let (first, length) = prefix.split_once('/').ok_or("no prefix length")?;
        let first: Ipv4Addr = first.parse().map_err(|_| "not an address")?;
        let length = length.parse().map_err(|_| "not a prefix length")?;
        let origin = origin.parse().map_err(|_| "not an origin")?;
        Route::new(first.into(), length, origin).ok_or("not the first address of a block")
    }
}

/// The routes that the crate carries.
///
/// # Panics
/// If the file in the crate is not what it should be.
pub fn routes() -> Vec<Route> {
    unpack(include_bytes!("../../../data/ip4-asn.bin")).expect("the crate's own data")
}

/// Packs routes that are sorted and disjoint.
///
/// # Panics
/// If they are not, or if they have more than 2^24 origins.
pub fn pack(routes: &[Route]) -> Vec<u8> {
    let origins: Vec<u32> = routes
        .iter()
        .map(|r| r.origin)
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    assert!(origins.len() < 1 << 24, "too many origins");
    let mut plain = Vec::new();
    put(&mut plain, origins.len() as u64);
    put(&mut plain, routes.len() as u64);
    let mut last = 0;
    for &origin in &origins {
        put(&mut plain, u64::from(origin - last));
        last = origin;
    }
    let mut next = 0;
    for route in routes {
        let first = u64::from(route.first);
        assert!(first >= next, "routes must be sorted and disjoint");
        put(&mut plain, first - next);
        next = u64::from(route.last()) + 1;
    }
    plain.extend(routes.iter().map(|r| r.length));
    for route in routes {
        let place = origins
            .binary_search(&route.origin)
            .expect("it was collected");
        plain.extend(&(place as u64).to_le_bytes()[..3]);
    }
    let mut packed = DeflateEncoder::new(MAGIC.to_vec(), Compression::best());
    packed.write_all(&plain).expect("memory does not fail");
    packed.finish().expect("memory does not fail")
}

/// Unpacks what [`pack`] made.
///
/// # Errors
/// If it did not.
pub fn unpack(packed: &[u8]) -> Result<Vec<Route>, &'static str> {
    let deflated = packed.strip_prefix(MAGIC).ok_or("not a packed table")?;
    let mut plain = Vec::new();
    DeflateDecoder::new(deflated)
        .read_to_end(&mut plain)
        .map_err(|_| "damaged")?;
    let mut rest = plain.as_slice();
    let mut origins = vec![0u32; size(&mut rest)?];
    let count = size(&mut rest)?;
    let mut last = 0u64;
    for origin in &mut origins {
        last += take(&mut rest)?;
        *origin = u32::try_from(last).map_err(|_| "an origin is too large")?;
    }
    let gaps = (0..count)
        .map(|_| take(&mut rest))
        .collect::<Result<Vec<_>, _>>()?;
    let (lengths, places) = rest.split_at_checked(count).ok_or("truncated")?;
    if places.len() != 3 * count {
        return Err("truncated");
    }
    let mut next = 0u64;
    let mut routes = Vec::with_capacity(count);
    for ((gap, &length), place) in gaps.into_iter().zip(lengths).zip(places.chunks_exact(3)) {
        let first = next.checked_add(gap).ok_or("an address is too large")?;
        let first = u32::try_from(first).map_err(|_| "an address is too large")?;
        let place = u32::from_le_bytes([place[0], place[1], place[2], 0]) as usize;
        let origin = *origins.get(place).ok_or("no such origin")?;
        let route = Route::new(first, length, origin).ok_or("no such prefix")?;
        next = u64::from(route.last()) + 1;
        routes.push(route);
    }
    Ok(routes)
}

#[allow(clippy::cast_possible_truncation)] // the low bits are what is meant
fn put(out: &mut Vec<u8>, mut number: u64) {
    while number > 127 {
        out.push(number as u8 | 128);
        number >>= 7;
    }
    out.push(number as u8);
}

fn take(from: &mut &[u8]) -> Result<u64, &'static str> {
    let mut number = 0;
    for shift in (0..63).step_by(7) {
        let (&byte, rest) = from.split_first().ok_or("truncated")?;
        *from = rest;
        number |= u64::from(byte & 127) << shift;
        if byte < 128 {
            return Ok(number);
        }
    }
    Err("a number is too large")
}

/// A count, which no more than the bytes that follow can make good.
fn size(from: &mut &[u8]) -> Result<usize, &'static str> {
    let number = usize::try_from(take(from)?).map_err(|_| "too large")?;
    if number > from.len() {
        Err("truncated")
    } else {
        Ok(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip() {
        let lines =
            "0.0.0.0/8\t5\n1.0.0.0/24\t13335\n1.0.1.0/32\t4294967295\n255.255.255.255/32\t0";
        let routes: Vec<Route> = lines.lines().map(|l| l.parse().unwrap()).collect();
        assert_eq!(unpack(&pack(&routes)).unwrap(), routes);
        let all = [Route::new(0, 0, 7).unwrap()];
        assert_eq!(unpack(&pack(&all)).unwrap(), all);
        assert_eq!(unpack(&pack(&[])).unwrap(), []);
    }

    #[test]
    fn bad_input_is_refused() {
        assert!("1.0.0.1/24\t1".parse::<Route>().is_err());
        assert!("1.0.0.0/33\t1".parse::<Route>().is_err());
        assert!("1.0.0.0 1".parse::<Route>().is_err());
        assert!(unpack(b"something else").is_err());
        let packed = pack(&["1.0.0.0/24\t13335".parse().unwrap()]);
        for length in 0..packed.len() {
            assert!(unpack(&packed[..length]).is_err());
        }
    }

    #[test]
    fn the_carried_table() {
        let routes = routes();
        assert!(routes.len() > 500_000);
        assert!(routes.windows(2).all(|w| w[0].last() < w[1].first()));
        assert_eq!(unpack(&pack(&routes)).unwrap(), routes);
    }
}
