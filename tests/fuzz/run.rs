//! A target's run: corpus, then mutations; each input is watched.
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use super::mutate::{Words, damaged};

/// An input that takes longer by the wall than this hangs: its reader would never return.
const HANGS: Duration = Duration::from_secs(240);

/// What one short input may cost of this thread's time, in the slowest of builds.
const LONGEST: Duration = Duration::from_secs(4);

/// The longest input.
const MOST: usize = 16 * 1024;

/// This thread's own time: a busy machine does not count.
pub fn cpu() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        now.tv_sec.try_into().unwrap(),
        now.tv_nsec.try_into().unwrap(),
    )
}

/// The files of a target's corpus.
pub fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder.join(name))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no corpus for {name}");
    files
        .iter()
        .map(|path| std::fs::read(path).unwrap())
        .collect()
}

/// Reads every file of the corpus, every seed, and `count` mutations; by hand, as many as the time allows.
pub fn fuzz(
    name: &str,
    words: &Words,
    more: impl IntoIterator<Item = Vec<u8>>,
    count: usize,
    mut read: impl FnMut(&[u8]),
) {
    let mut seeds = corpus(name);
    seeds.extend(more);
    let number = |name| std::env::var(name).ok().map(|text| text.parse().unwrap());
    let seconds: Option<u64> = number("LIVYSH_FUZZ_SECONDS");
    let end = seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let mut random = fastrand::Rng::with_seed(number("LIVYSH_FUZZ_SEED").unwrap_or(7));
    let watch = Watch::start(name);
    for seed in &seeds {
        watch.over(seed, &mut read);
    }
    let mut ran = 0;
    while end.map_or(ran < count, |end| Instant::now() < end) {
        let input = damaged(&seeds, words, MOST, &mut random);
        watch.over(&input, &mut read);
        ran += 1;
    }
    println!(
        "{name}: {} seeds, {ran} mutations, longest {:?}",
        seeds.len(),
        watch.longest()
    );
}

/// What runs, since when, and the most that one took.
#[derive(Default)]
struct Now {
    input: Option<(Instant, Vec<u8>)>,
    longest: Duration,
    over: bool,
}

/// Sees that every input ends, and keeps the one that does not.
struct Watch {
    name: String,
    now: Arc<(Mutex<Now>, Condvar)>,
}

impl Watch {
    fn start(name: &str) -> Self {
        let now: Arc<(Mutex<Now>, Condvar)> = Arc::default();
        let (seen, of) = (Arc::clone(&now), name.to_owned());
        std::thread::spawn(move || {
            let mut held = seen.0.lock().unwrap();
            while !held.over {
                held = seen.1.wait_timeout(held, Duration::from_secs(5)).unwrap().0;
                if let Some((since, input)) = &held.input
                    && since.elapsed() > HANGS
                {
                    eprintln!("{of} hangs on {}", kept(&of, input).display());
                    std::process::abort();
                }
            }
        });
        Self {
            name: name.to_owned(),
            now,
        }
    }

    fn over(&self, input: &[u8], read: &mut impl FnMut(&[u8])) {
        self.now.0.lock().unwrap().input = Some((Instant::now(), input.to_vec()));
        let began = cpu();
        let answer = catch_unwind(AssertUnwindSafe(|| read(input)));
        let took = cpu().checked_sub(began).unwrap_or_default();
        let mut now = self.now.0.lock().unwrap();
        now.input = None;
        now.longest = now.longest.max(took);
        drop(now);
        if let Err(panic) = answer {
            eprintln!(
                "{} fails on {}",
                self.name,
                kept(&self.name, input).display()
            );
            std::panic::resume_unwind(panic);
        }
        assert!(
            took < LONGEST,
            "{}: {took:?} for {} bytes: {}",
            self.name,
            input.len(),
            kept(&self.name, input).display()
        );
    }

    fn longest(&self) -> Duration {
        self.now.0.lock().unwrap().longest
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // a failed reader may have left it poisoned, which is told already
        if let Ok(mut now) = self.now.0.lock() {
            now.over = true;
        }
        self.now.1.notify_all();
    }
}

/// Writes an input that fails where the next build leaves it alone.
fn kept(name: &str, input: &[u8]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fuzz");
    std::fs::create_dir_all(&folder).unwrap();
    let sum = input.iter().fold(0_u32, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(u32::from(*byte))
    });
    let path = folder.join(format!("{name}-{sum:08x}"));
    std::fs::write(&path, input).unwrap();
    path
}
