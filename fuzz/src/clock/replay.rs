//! A program's threads, and how they take turns.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::thread::{Scope, ScopedJoinHandle};

use super::act::Actor;
use super::exit;
use super::program::{Op, Program, THREADS, Turn};
use super::world::World;
use crate::baton::Baton;

/// What went wrong in a program.
pub struct Failure {
    why: String,
    program: Program,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.why)?;
        for domain in &self.program.domains {
            writeln!(f, "  {domain:?}")?;
        }
        for turn in &self.program.turns {
            let Turn {
                thread,
                domain,
                arg,
                op,
            } = turn;
            writeln!(f, "  thread {thread} domain {domain}: {op:?}({arg})")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Replays the program that the bytes are.
///
/// # Errors
/// If the oracle, or an assertion of the library, has a complaint. What the program has allocated is
/// leaked then.
pub fn run(bytes: &[u8]) -> Result<(), Failure> {
    let program = Program::parse(bytes);
    let world = World::new(&program);
    let oracle = std::sync::Arc::clone(&world.oracle);
    let stage = Stage {
        program: &program,
        world: &world,
        baton: Baton::new(THREADS),
        state: Mutex::default(),
    };
    std::thread::scope(|scope| stage.direct(scope));
    if oracle.failure().is_none() {
        let end = catch_unwind(AssertUnwindSafe(|| world.finish(program.orderly)));
        if let Err(panic) = end {
            oracle.fail(told(&*panic));
        }
    } else {
        world.abandon();
    }
    match oracle.failure() {
        None => Ok(()),
        Some(why) => Err(Failure { why, program }),
    }
}

/// What a panic says.
fn told(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("a panic: {}", text.unwrap_or("of another kind"))
}

#[derive(Default)]
struct State {
    next: usize,
    /// The holder has passed the baton to place 0 because its thread ends.
    leaving: Option<usize>,
}

struct Stage<'w> {
    program: &'w Program,
    world: &'w World,
    baton: Baton,
    /// The holder's.
    state: Mutex<State>,
}

impl<'w> Stage<'w> {
    /// The turn that is next; none if the program is over, or has failed.
    fn next(&self) -> Option<Turn> {
        let failed = self.world.oracle.failure().is_some();
        let next = self.state.lock().unwrap().next;
        self.program.turns.get(next).filter(|_| !failed).copied()
    }

    /// Plays the holder's part until somebody else's turn, which it returns; true if it has left.
    fn play(&self, actor: &mut Actor<'w>) -> (Option<Turn>, bool) {
        loop {
            match self.next() {
                Some(turn) if turn.thread == actor.place => {
                    let acted = catch_unwind(AssertUnwindSafe(|| actor.act(turn)));
                    if let Err(panic) = acted {
                        self.world.oracle.fail(told(&*panic));
                    }
                    self.state.lock().unwrap().next += 1;
                    if turn.op == Op::Leave {
                        return (Some(turn), true);
                    }
                }
                other => return (other, false),
            }
        }
    }

    /// Place 0: plays its own part, starts the others, and sees them off.
    fn direct<'s, 'e>(&'e self, scope: &'s Scope<'s, 'e>) {
        self.baton.seat(0, Some(std::thread::current()));
        let mut actor = Actor::new(0, self.world);
        let mut threads: [Option<ScopedJoinHandle<'_, ()>>; THREADS] = Default::default();
        loop {
            self.baton.wait(0);
            if let Some(place) = self.state.lock().unwrap().leaving.take() {
                // Joined, not just over: the destructors of its locals have run.
                let _ = threads[place].take().map(ScopedJoinHandle::join);
                self.baton.seat(place, None);
            }
            let next = self.play(&mut actor).0;
            let place = match next {
                Some(turn) => turn.thread,
                // The end: everybody else leaves, one by one.
                None => match threads.iter().position(Option::is_some) {
                    Some(place) => place,
                    None => break,
                },
            };
            if place == 0 {
                continue;
            }
            if threads[place].is_none() {
                let early = self.state.lock().unwrap().next.is_multiple_of(2);
                let thread = scope.spawn(move || self.attend(place, early));
                self.baton.seat(place, Some(thread.thread().clone()));
                threads[place] = Some(thread);
            }
            self.baton.pass(place);
        }
        if self.world.oracle.failure().is_none() {
            actor.leave_sections();
        }
    }

    /// Another place, until its thread leaves.
    fn attend(&self, place: usize, early: bool) {
        if early {
            exit::register();
        }
        let mut actor = Actor::new(place, self.world);
        loop {
            self.baton.wait(place);
            let (next, left) = self.play(&mut actor);
            let to = match next {
                Some(turn) if !left && self.baton.is_seated(turn.thread) => turn.thread,
                _ => 0,
            };
            if left || next.is_none() {
                self.depart(actor, next.filter(|_| left));
                self.state.lock().unwrap().leaving = Some(place);
                self.baton.pass(0);
                return;
            }
            self.baton.pass(to);
        }
    }

    /// The end of a thread, by its last turn or by the program's end.
    fn depart(&self, mut actor: Actor<'w>, last: Option<Turn>) {
        if self.world.oracle.failure().is_some() {
            // Nothing is asserted any more; the guards are dropped with the actor.
        } else if last.is_some_and(|turn| turn.arg % 2 == 1) {
            // SAFETY: `direct` joins the thread, and `run` keeps the world until then.
            unsafe { actor.leave_late() };
        } else {
            actor.leave_sections();
        }
    }
}
