//! A Python with packages that only tests need, made once below `target/`.
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The interpreter of the folder `name`. Each of `installs` is what one `pip install` is told; `finish` may
/// add to the new environment, whose folder of packages it is given.
pub fn python(
    name: &str,
    base: &Path,
    installs: &[&[&str]],
    finish: impl FnOnce(&Path),
) -> PathBuf {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&place).unwrap();
    // two runs at once: the second waits, and finds it made
    let lock = File::create(place.join("lock")).unwrap();
    lock.lock().unwrap();
    let venv = place.join("venv");
    let python = venv.join("bin/python");
    let made = place.join("made");
    let wanted = format!("{}\n{installs:?}", base.display());
    let same = std::fs::read_to_string(&made).is_ok_and(|made| made == wanted);
    if same && python.exists() {
        return python;
    }
    done(
        Command::new(base)
            .args(["-m", "venv", "--clear"])
            .arg(&venv),
    );
    for install in installs {
        let pip = ["-m", "pip", "install", "--disable-pip-version-check"];
        done(Command::new(&python).args(pip).args(*install));
    }
    let code = "import site; print(site.getsitepackages()[0])";
    let site = done(Command::new(&python).args(["-c", code]));
    finish(Path::new(String::from_utf8(site.stdout).unwrap().trim()));
    std::fs::write(made, wanted).unwrap();
    python
}

fn done(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "no Python for the tests; {command:?} says: {said}"
    );
    output
}
