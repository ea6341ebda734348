//! What must be done before the program ends.
use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

/// Its answer is what the user should know.
type Work = Pin<Box<dyn Future<Output = Option<String>> + Send>>;

/// Something owed before the program ends.
pub struct Duty {
    work: Option<Work>,
    debt: Debt,
    stage: Stage,
}

/// What is owed, whatever became of the work.
struct Debt {
    /// What stays behind when it is not done.
    left: Box<dyn Fn() -> Option<String> + Send>,
    /// How it is done where a bug of ours broke what the work needs.
    anew: Option<Box<dyn Fn() -> Work + Send>>,
}

/// When a duty is done: those of one stage at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// At once.
    First,
    /// When all others are done, or had their time.
    Last,
}

impl Stage {
    pub(super) const ALL: [Self; 2] = [Self::First, Self::Last];
}

impl Duty {
    /// That work; its answer is what the user should know. `left` says what stays behind when it is not done.
    pub fn new(
        left: impl Fn() -> Option<String> + Send + 'static,
        work: impl Future<Output = Option<String>> + Send + 'static,
    ) -> Self {
        Self {
            work: Some(Box::pin(work)),
            debt: Debt {
                left: Box::new(left),
                anew: None,
            },
            stage: Stage::First,
        }
    }

    /// The same when all others are done: they need what it ends.
    #[must_use]
    pub fn at_last(mut self) -> Self {
        self.stage = Stage::Last;
        self
    }

    /// The same where a bug of ours broke what the work needs, or holds it for good: nothing that was used before
    /// may be used, but for what no bug can hold. It is driven by a thread and a runtime of its own.
    #[must_use]
    pub fn or_anew<F: Future<Output = Option<String>> + Send + 'static>(
        mut self,
        anew: impl Fn() -> F + Send + 'static,
    ) -> Self {
        self.debt.anew = Some(Box::new(move || Box::pin(anew())));
        self
    }
}

impl Debt {
    fn done_anew(&self) -> Work {
        match &self.anew {
            Some(anew) => anew(),
            None => Box::pin(ready((self.left)())),
        }
    }
}

/// All that is owed, also what is being done: each duty stands here until it is done, for whoever comes after a bug.
#[derive(Default)]
pub(super) struct Duties(Mutex<List>);

#[derive(Default)]
struct List {
    /// Oldest first, each with its number.
    owed: Vec<(u64, Duty)>,
    numbers: u64,
}

impl Duties {
    /// Takes it on, unless `is_late`, which is looked at while nobody else takes or gives.
    pub(super) fn owe(&self, duty: Duty, is_late: impl Fn() -> bool) -> bool {
        let mut list = self.list();
        if is_late() {
            return false;
        }
        list.numbers += 1;
        let number = list.numbers;
        list.owed.push((number, duty));
        true
    }

    /// Would anything stay behind?
    pub(super) fn would_leave(&self) -> bool {
        let owed = &self.list().owed;
        owed.iter().any(|(_, duty)| (duty.debt.left)().is_some())
    }

    /// Is anything of that stage owed?
    pub(super) fn has(&self, stage: Stage) -> bool {
        let owed = &self.list().owed;
        owed.iter().any(|(_, duty)| duty.stage == stage)
    }

    /// Gives up what is owed of these stages; what stays behind, newest first.
    pub(super) fn left(&self, stages: &[Stage]) -> Vec<String> {
        let mut list = self.list();
        let given_up = |(_, duty): &mut (u64, Duty)| stages.contains(&duty.stage);
        let given_up: Vec<_> = list.owed.extract_if(.., given_up).collect();
        drop(list);
        let newest_first = given_up.iter().rev();
        newest_first
            .filter_map(|(_, duty)| (duty.debt.left)())
            .collect()
    }

    /// Does what is owed of a stage, the newest begun first.
    pub(super) async fn work(&self, stage: Stage, notes: &mut Vec<String>) {
        self.all(stage, |duty| duty.work.take(), notes).await;
    }

    /// The same where nothing that was used before may be used.
    pub(super) async fn work_anew(&self, stage: Stage, notes: &mut Vec<String>) {
        self.all(stage, |duty| Some(duty.debt.done_anew()), notes)
            .await;
    }

    async fn all(
        &self,
        stage: Stage,
        work: impl Fn(&mut Duty) -> Option<Work>,
        notes: &mut Vec<String>,
    ) {
        let mut works: FuturesUnordered<_> = {
            let mut list = self.list();
            let newest_first = list.owed.iter_mut().rev();
            let of_stage = newest_first.filter(|(_, duty)| duty.stage == stage);
            let works = of_stage.filter_map(|(number, duty)| Some((*number, work(duty)?)));
            works
                .map(|(number, work)| async move { (number, work.await) })
                .collect()
        };
        while let Some((number, note)) = works.next().await {
            self.list().owed.retain(|(owed, _)| *owed != number);
            notes.extend(note);
        }
    }

    /// What a panic has left locked is as good as before: each change is one step.
    fn list(&self) -> MutexGuard<'_, List> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Held by a bug.
    #[cfg(test)]
    pub(super) fn hold(&self) -> impl Drop + '_ {
        self.list()
    }
}
