//! What a node knows of the keys below it.

/// What all nodes begin with.
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct Head {
    /// The last bytes before the depth, at the end of these.
    prefix: [u8; 8],
    depth: u32,
    /// How many of those bytes there are.
    known: u8,
}

/// What a head says of a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fit {
    /// The bytes before the depth are the same.
    Same,
    /// This byte differs: keys below the node have that one there.
    Differs(usize, u8),
    /// It does not know.
    Unsure,
}

impl Head {
    /// Of a node that tests the byte there, of keys that begin with this.
    ///
    /// # Panics
    /// If the depth is above `u32::MAX`.
    pub(super) fn new(prefix: &[u8]) -> Head {
        let depth = u32::try_from(prefix.len()).expect("keys are shorter than 4 GiB");
        let known = prefix.len().min(8);
        let mut last = [0; 8];
        last[8 - known..].copy_from_slice(&prefix[prefix.len() - known..]);
        Head {
            prefix: last,
            depth,
            known: known as u8,
        }
    }

    #[inline(always)]
    pub(super) fn depth(&self) -> usize {
        self.depth as usize
    }

    /// The byte there, if it is noted.
    pub(super) fn byte(&self, at: usize) -> Option<u8> {
        let first = self.depth() - usize::from(self.known);
        let is_noted = (first..self.depth()).contains(&at);
        is_noted.then(|| self.prefix[8 + at - self.depth()])
    }

    /// Compares a key whose bytes before `from` are the same.
    #[inline]
    pub(super) fn fit(&self, key: &[u8], from: usize) -> Fit {
        if from >= self.depth() {
            return Fit::Same;
        }
        self.fit_skipped(key, from)
    }

    fn fit_skipped(&self, key: &[u8], from: usize) -> Fit {
        for at in from..self.depth() {
            match self.byte(at) {
                None => return Fit::Unsure,
                Some(byte) if key.get(at) != Some(&byte) => return Fit::Differs(at, byte),
                Some(_) => {}
            }
        }
        Fit::Same
    }
}
