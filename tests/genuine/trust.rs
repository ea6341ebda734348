//! What a bad way to the server does to statements.
use super::*;

#[test]
fn of_many_statements_in_a_storm_none_runs_twice_and_no_result_is_lost() {
    let livy = Genuine::bare(&[]);
    let home = Home::new();
    storm::through_a_storm(&home, &livy.url, |arguments| home.livysh(arguments));
    nothing_left(&livy);
}
