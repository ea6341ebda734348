//! Judges a Spark of the user's: a full distribution, or the folder of an installed pyspark.

use std::fs;
use std::path::{Path, PathBuf};

use super::error::SparkHomeProblem;

/// A Spark that fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SparkHome {
    pub folder: PathBuf,
    pub version: String,
    pub scala: String,
    /// What Python must find to import pyspark from it.
    pub python_path: Vec<PathBuf>,
}

impl SparkHome {
    /// The 5 of 3.5.
    pub fn minor(&self) -> u32 {
        minor(&self.version).unwrap_or(0)
    }
}

/// Whether a folder is a Spark 3.3 to 3.5 with its Python parts; `wanted` is an exact release, if one
/// is asked for. Reads two folders, starts nothing.
pub(super) fn inspect(folder: &Path, wanted: Option<&str>) -> Result<SparkHome, SparkHomeProblem> {
    if !folder.is_dir() {
        return Err(SparkHomeProblem::NoFolder);
    }
    let (scala, jar_version) = core_jar(folder).ok_or(SparkHomeProblem::NoSpark)?;
    // The RELEASE file names the public release, a vendor's jar has numbers of its own behind it.
    let version = release_file(folder).unwrap_or(jar_version);
    if !minor(&version).is_some_and(|minor| (3..=5).contains(&minor)) {
        return Err(SparkHomeProblem::Version { version });
    }
    if let Some(wanted) = wanted.filter(|wanted| *wanted != version) {
        return Err(SparkHomeProblem::OtherRelease {
            version,
            wanted: wanted.to_owned(),
        });
    }
    let python_path = python_path(folder).ok_or(SparkHomeProblem::NoPython)?;
    Ok(SparkHome {
        folder: folder.to_path_buf(),
        version,
        scala,
        python_path,
    })
}

fn minor(version: &str) -> Option<u32> {
    let rest = version.strip_prefix("3.")?;
    rest.split(|c: char| !c.is_ascii_digit())
        .next()?
        .parse()
        .ok()
}

/// Scala's and Spark's version from `jars/spark-core_2.12-3.5.9.jar`.
pub(super) fn core_jar(folder: &Path) -> Option<(String, String)> {
    fs::read_dir(folder.join("jars"))
        .ok()?
        .flatten()
        .find_map(|entry| {
            let name = entry.file_name();
            let rest = name.to_str()?.strip_prefix("spark-core_")?;
            let (scala, version) = rest.strip_suffix(".jar")?.split_once('-')?;
            Some((scala.to_owned(), version.to_owned()))
        })
}

/// The version in a first line like `Spark 3.5.1 (git revision …) built for Hadoop 3.3.4`.
fn release_file(folder: &Path) -> Option<String> {
    let text = fs::read_to_string(folder.join("RELEASE")).ok()?;
    let mut words = text.split_whitespace();
    (words.next()? == "Spark").then_some(())?;
    let version = words.next()?;
    version
        .starts_with(|c: char| c.is_ascii_digit())
        .then(|| version.to_owned())
}

fn python_path(folder: &Path) -> Option<Vec<PathBuf>> {
    let py4j = fs::read_dir(folder.join("python/lib"))
        .ok()?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| {
            path.extension().is_some_and(|extension| extension == "zip")
                && path
                    .file_stem()
                    .is_some_and(|name| name.as_encoded_bytes().starts_with(b"py4j-"))
        })?;
    if folder.join("python/pyspark/__init__.py").is_file() {
        return Some(vec![folder.join("python"), py4j]);
    }
    // A pip-installed pyspark is itself the package: Python must see it from the folder above, by its name.
    let is_package = folder.join("__init__.py").is_file() && folder.ends_with("pyspark");
    let above = folder.parent().filter(|_| is_package)?;
    Some(vec![above.to_path_buf(), py4j])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn touch(file: PathBuf) {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, "").unwrap();
    }

    fn spark(jar: &str) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        touch(dir.path().join("jars").join(jar));
        touch(dir.path().join("python/lib/py4j-0.10.9.7-src.zip"));
        touch(dir.path().join("python/pyspark/__init__.py"));
        dir
    }

    #[test]
    fn a_full_spark_fits_and_says_its_versions() {
        let dir = spark("spark-core_2.13-3.4.1.jar");
        let home = inspect(dir.path(), None).unwrap();
        assert_eq!(
            (home.version.as_str(), home.scala.as_str(), home.minor()),
            ("3.4.1", "2.13", 4)
        );
        assert_eq!(home.python_path[0], dir.path().join("python"));
        assert!(home.python_path[1].ends_with("python/lib/py4j-0.10.9.7-src.zip"));
    }

    #[test]
    fn the_release_file_wins_over_a_vendors_jar() {
        let dir = spark("spark-core_2.12-3.3.2.3.3.7190.0-203.jar");
        fs::write(dir.path().join("RELEASE"), "Spark 3.3.2 built for Hadoop\n").unwrap();
        assert_eq!(inspect(dir.path(), None).unwrap().version, "3.3.2");
    }

    #[test]
    fn a_pyspark_folder_fits_by_its_parent() {
        let dir = tempfile::tempdir().unwrap();
        let package = dir.path().join("site-packages/pyspark");
        touch(package.join("jars/spark-core_2.12-3.5.9.jar"));
        touch(package.join("python/lib/py4j-0.10.9.9-src.zip"));
        touch(package.join("__init__.py"));
        let home = inspect(&package, Some("3.5.9")).unwrap();
        assert_eq!(home.python_path[0], dir.path().join("site-packages"));
    }

    #[test]
    fn what_does_not_fit_says_why() {
        let problem = |dir: &Path, wanted| inspect(dir, wanted).unwrap_err();
        let four = spark("spark-core_2.13-4.0.1.jar");
        assert_eq!(
            problem(four.path(), None),
            SparkHomeProblem::Version {
                version: "4.0.1".into()
            }
        );
        let three = spark("spark-core_2.12-3.5.1.jar");
        assert!(matches!(
            problem(three.path(), Some("3.5.9")),
            SparkHomeProblem::OtherRelease { .. }
        ));
        fs::remove_dir_all(three.path().join("python")).unwrap();
        assert_eq!(problem(three.path(), None), SparkHomeProblem::NoPython);
        fs::remove_dir_all(three.path().join("jars")).unwrap();
        assert_eq!(problem(three.path(), None), SparkHomeProblem::NoSpark);
        assert_eq!(
            problem(&three.path().join("x"), None),
            SparkHomeProblem::NoFolder
        );
    }
}
