//! What a key costs in the editor's reading of the buffer: `cargo bench --bench typing`.
//!
//! Asked on each key, at the end of a buffer of 1, 20 and 200 lines: its tokens with their colours, the bracket that
//! belongs to the one typed, the line's indentation; and what Enter would do, with the next line's indentation. The
//! floor of the same run: going through the buffer's characters and copying them, as any repaint must.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench prints, and stops at the first surprise"
)]
use std::hint::black_box;
use std::time::{Duration, Instant};

use livysh::language::{Class, Completeness, Language};

const ROUNDS: usize = 200;
const GOAL: Duration = Duration::from_millis(1);

const PYTHON: &str = r#"@cache
def totals(df: DataFrame, by: str = "day", *, limit: int | None = None) -> DataFrame:
    # one row a day, the largest first
    grouped = df.groupBy(by).agg(F.sum("amount").alias("total"), F.count(F.lit(1)).alias("n"))
    if limit is not None and grouped.count() > limit:
        print(f"cut at {limit:>{width}} of {grouped.count()} {by!r}", {"limit": [limit, (1, 2)]})
        return grouped.orderBy(F.desc("total")).limit(limit)
    match by:
        case "day" | "hour": grouped = grouped.withColumn("x", F.col("total") / 3.5e-2)
    return grouped
"#;

const SCALA: &str = r#"/** One row a day, the largest first. */
case class Totals(by: String = "day", limit: Option[Int] = None) extends Step with Serializable {
  def apply(df: DataFrame): DataFrame = {
    val grouped = df.groupBy(by).agg(sum($"amount").as("total"), count(lit(1)).as("n"))
    limit match {
      case Some(n) if n > 0 => println(s"cut at ${n * 2} of $by"); grouped.orderBy(desc("total"))
      case _ => grouped // all of them
    }
  }
}
"#;

const R: &str = r#"# one row a day, the largest first
totals <- function(df, by = "day", limit = NULL) {
  grouped <- df %>% group_by(by) %>% summarise(total = sum(amount), n = n())
  if (!is.null(limit) && nrow(grouped) > limit) {
    cat(sprintf("cut at %d of %s\n", limit, by), file = `my file`)
    return(head(grouped[order(-grouped$total), ], limit))
  } else {
    x <- list(a = 1L, b = c(1.5e-3, NA), f = \(x) x^2, s = r"(raw "text")")
  }
}
"#;

const SQL: &str = r"-- one row a day, the largest first
select /*+ broadcast(d) */ t.day, sum(t.amount) as total, count(*) n,
  case when sum(t.amount) > 1.5e3 then 'much' else 'little' end as size
from sales.tickets t
join days d on d.day = t.day and d.kind in ('work', 'rest')
where t.amount between 1 and 2 or `odd name` is not null
group by t.day, d.kind
having count(*) > 1
order by total desc
limit 10
";

fn main() {
    let sources = [
        (Language::Python, PYTHON),
        (Language::Scala, SCALA),
        (Language::R, R),
        (Language::Sql, SQL),
    ];
    for (language, source) in sources {
        for lines in [1, 20, 200] {
            let text: Vec<&str> = source.lines().cycle().take(lines).collect();
            // an unfinished last line: as somebody types
            let text = format!("{}(", text.join("\n"));
            let key = median(|| key(language, &text));
            let enter = median(|| enter(language, &text));
            line(language, lines, [key, enter], median(|| copy(&text)));
        }
    }
}

fn line(language: Language, lines: usize, [key, enter]: [Duration; 2], floor: Duration) {
    let goal = if lines == 200 {
        format!("   (goal {GOAL:?})")
    } else {
        String::new()
    };
    println!(
        "{:<8} {lines:>3} lines {:>7.1} µs a key   {:>7.1} µs more for Enter   floor {:>5.1} µs   ratio {:>5.1}{goal}",
        language.name(),
        key.as_secs_f64() * 1e6,
        enter.as_secs_f64() * 1e6,
        floor.as_secs_f64() * 1e6,
        (key + enter).as_secs_f64() / floor.as_secs_f64()
    );
}

fn median(mut work: impl FnMut() -> usize) -> Duration {
    let mut all: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let began = Instant::now();
            black_box(work());
            began.elapsed()
        })
        .collect();
    all.sort();
    all[ROUNDS / 2]
}

/// Colours, the bracket's partner and the line's indentation, as each key asks for.
fn key(language: Language, text: &str) -> usize {
    let lexed = language.lex(text);
    let partner = lexed.partner(text.len() - 1);
    let mut painted = String::with_capacity(text.len() * 2);
    for token in &lexed.tokens {
        let plain = matches!(token.class, Class::Space | Class::Newline | Class::Name);
        painted.push_str(if plain { "" } else { "\x1b[35m" });
        painted.push_str(text.get(token.range.clone()).unwrap());
        painted.push_str(if plain { "" } else { "\x1b[0m" });
    }
    let moved = language.redent(text).map_or(0, |white| white.len());
    painted.len() + partner.unwrap_or(0) + moved
}

/// What Enter asks for on top.
fn enter(language: Language, text: &str) -> usize {
    let goes_on = language.completeness(text) == Completeness::Incomplete;
    language.next_indent(text).len() + usize::from(goes_on)
}

fn copy(text: &str) -> usize {
    let mut painted = String::with_capacity(text.len() * 2);
    painted.extend(text.chars().filter(|c| !c.is_control()));
    black_box(&painted).len()
}
