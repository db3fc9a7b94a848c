//! The packed form of such tables, and those that the crate carries.
//!
//! Packed: a magic word of the family, then, deflated, the number of origins and of routes, the
//! origins in ascending order as differences, and three columns of the routes: the gap after the
//! route before, the prefix's length, and the origin's place among the origins, in three bytes.
//! Numbers are little-endian base-128.

use std::collections::BTreeSet;
use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

use super::{Bits, Route};

/// The IPv4 routes that the crate carries.
///
/// # Panics
/// If the file in the crate is not what it should be.
pub fn ip4() -> Vec<Route<u32>> {
    unpack(include_bytes!("../../../data/ip4-asn.bin")).expect("the crate's own data")
}

/// The IPv6 routes that the crate carries.
///
/// # Panics
/// If the file in the crate is not what it should be.
pub fn ip6() -> Vec<Route<u128>> {
    unpack(include_bytes!("../../../data/ip6-asn.bin")).expect("the crate's own data")
}

/// Packs routes that are sorted and disjoint.
///
/// # Panics
/// If they are not, or if they have more than 2^24 origins.
pub fn pack<B: Bits>(routes: &[Route<B>]) -> Vec<u8> {
    let origins: Vec<u32> = routes
        .iter()
        .map(|r| r.origin)
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    assert!(origins.len() < 1 << 24, "too many origins");
    let mut plain = Vec::new();
    put(&mut plain, origins.len() as u128);
    put(&mut plain, routes.len() as u128);
    let mut last = 0;
    for &origin in &origins {
        put(&mut plain, u128::from(origin - last));
        last = origin;
    }
    let mut next = Some(0);
    for route in routes {
        let gap = next.and_then(|next| route.first.into().checked_sub(next));
        put(&mut plain, gap.expect("routes must be sorted and disjoint"));
        next = after(*route);
    }
    plain.extend(routes.iter().map(|r| r.length));
    for route in routes {
        let place = origins
            .binary_search(&route.origin)
            .expect("it was collected");
        plain.extend(&(place as u64).to_le_bytes()[..3]);
    }
    let mut packed = DeflateEncoder::new(B::MAGIC.to_vec(), Compression::best());
    packed.write_all(&plain).expect("memory does not fail");
    packed.finish().expect("memory does not fail")
}

/// Unpacks what [`pack`] made.
///
/// # Errors
/// If it did not.
pub fn unpack<B: Bits>(packed: &[u8]) -> Result<Vec<Route<B>>, &'static str> {
    let deflated = packed.strip_prefix(B::MAGIC).ok_or("not a packed table")?;
    let mut plain = Vec::new();
    DeflateDecoder::new(deflated)
        .read_to_end(&mut plain)
        .map_err(|_| "damaged")?;
    let mut rest = plain.as_slice();
    let mut origins = vec![0u32; size(&mut rest)?];
    let count = size(&mut rest)?;
    let mut last = 0u128;
    for origin in &mut origins {
        last = last
            .checked_add(take(&mut rest)?)
            .ok_or("an origin is too large")?;
        *origin = u32::try_from(last).map_err(|_| "an origin is too large")?;
    }
    let gaps = (0..count)
        .map(|_| take(&mut rest))
        .collect::<Result<Vec<_>, _>>()?;
    let (lengths, places) = rest.split_at_checked(count).ok_or("truncated")?;
    if places.len() != 3 * count {
        return Err("truncated");
    }
    let mut next = Some(0);
    let mut routes = Vec::with_capacity(count);
    for ((gap, &length), place) in gaps.into_iter().zip(lengths).zip(places.chunks_exact(3)) {
        let first = next.and_then(|next: u128| next.checked_add(gap));
        let first = first.and_then(|first| B::try_from(first).ok());
        let first = first.ok_or("an address is too large")?;
        let place = u32::from_le_bytes([place[0], place[1], place[2], 0]) as usize;
        let origin = *origins.get(place).ok_or("no such origin")?;
        let route = Route::new(first, length, origin).ok_or("no such prefix")?;
        next = after(route);
        routes.push(route);
    }
    Ok(routes)
}

/// The first address behind it, if there is one in all of IPv6.
fn after<B: Bits>(route: Route<B>) -> Option<u128> {
    route.last().into().checked_add(1)
}

#[allow(clippy::cast_possible_truncation)] // the low bits are what is meant
fn put(out: &mut Vec<u8>, mut number: u128) {
    while number > 127 {
        out.push(number as u8 | 128);
        number >>= 7;
    }
    out.push(number as u8);
}

fn take(from: &mut &[u8]) -> Result<u128, &'static str> {
    let mut number = 0;
    for shift in (0..u128::BITS).step_by(7) {
        let (&byte, rest) = from.split_first().ok_or("truncated")?;
        *from = rest;
        let bits = u128::from(byte & 127);
        number |= bits << shift;
        if number >> shift != bits {
            break;
        }
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

    fn round_trip<B: Bits>(lines: &str) {
        let routes: Vec<Route<B>> = lines.lines().map(|l| l.parse().unwrap()).collect();
        assert_eq!(unpack(&pack(&routes)).unwrap(), routes);
    }

    #[test]
    fn round_trips() {
        let lines =
            "0.0.0.0/8\t5\n1.0.0.0/24\t13335\n1.0.1.0/32\t4294967295\n255.255.255.255/32\t0";
        round_trip::<u32>(lines);
        round_trip::<u32>("0.0.0.0/0\t7");
        round_trip::<u32>("");
        round_trip::<u128>("::/16\t1\n2001:db8::/32\t2\nffff::/17\t0\nffff:ffff::/128\t9");
        round_trip::<u128>("::/128\t3\nffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128\t4");
        round_trip::<u128>("::/0\t7");
        round_trip::<u128>("");
    }

    #[test]
    fn what_was_not_packed_is_refused() {
        assert!(unpack::<u32>(b"something else").is_err());
        let packed = pack::<u32>(&["1.0.0.0/24\t13335".parse().unwrap()]);
        for length in 0..packed.len() {
            assert!(unpack::<u32>(&packed[..length]).is_err());
        }
        assert!(unpack::<u128>(&packed).is_err());
    }

    /// The form of a table of which these are the numbers, and the bytes behind them.
    fn packed<B: Bits>(numbers: &[u128], rest: &[u8]) -> Vec<u8> {
        let mut plain = Vec::new();
        numbers.iter().for_each(|&number| put(&mut plain, number));
        plain.extend(rest);
        let mut packed = DeflateEncoder::new(B::MAGIC.to_vec(), Compression::best());
        packed.write_all(&plain).unwrap();
        packed.finish().unwrap()
    }

    #[test]
    fn numbers_that_make_no_table_are_refused() {
        let one = |gap, length, place| packed::<u32>(&[1, 1, 9, gap], &[length, place, 0, 0]);
        assert_eq!(unpack::<u32>(&one(1 << 24, 8, 0)).unwrap().len(), 1);
        assert!(unpack::<u32>(&one(1 << 32, 8, 0)).is_err());
        assert!(unpack::<u32>(&one(1 << 23, 8, 0)).is_err());
        assert!(unpack::<u32>(&one(1 << 24, 33, 0)).is_err());
        assert!(unpack::<u32>(&one(1 << 24, 8, 1)).is_err());
        assert!(unpack::<u32>(&packed::<u32>(&[1, 1, 1 << 32, 0], &[8, 0, 0, 0])).is_err());
        // Nothing is behind the last address; and no number is longer than 128 bits.
        let two = packed::<u128>(&[1, 2, 9, 0, 0], &[0, 128, 0, 0, 0, 0, 0, 0]);
        assert!(unpack::<u128>(&two).is_err());
        assert!(take(&mut &[&[255; 18][..], &[3]].concat()[..]).is_ok());
        assert!(take(&mut &[&[255; 18][..], &[4]].concat()[..]).is_err());
        assert!(take(&mut &[255; 19][..]).is_err());
    }

    #[test]
    #[should_panic(expected = "sorted and disjoint")]
    fn routes_that_overlap_are_not_packed() {
        pack::<u32>(&["1.0.0.0/8\t1", "1.2.0.0/16\t2"].map(|l| l.parse().unwrap()));
    }

    fn whole<B: Bits>(routes: &[Route<B>], expected: usize) {
        assert_eq!(routes.len(), expected);
        assert!(routes.windows(2).all(|w| w[0].last() < w[1].first()));
        assert_eq!(unpack(&pack(routes)).unwrap(), routes);
    }

    #[test]
    fn the_carried_tables() {
        whole(&ip4(), 564_579);
        whole(&ip6(), 167_903);
    }
}
