//! What a bad way to the server does to statements.
use super::*;

#[test]
fn of_many_statements_in_a_storm_none_runs_twice_and_no_result_is_lost() {
    let livy = Genuine::bare(&[]);
    let home = Home::new();
    let once = storm::Sent::Once;
    storm::through_a_storm(&home, &livy.url, once, |arguments| home.livysh(arguments));
    nothing_left(&livy);
}

#[test]
fn of_many_statements_in_a_storm_what_left_no_trace_is_sent_again_on_demand() {
    let livy = Genuine::bare(&[]);
    let home = Home::new();
    let again = storm::Sent::Again;
    storm::through_a_storm(&home, &livy.url, again, |arguments| home.livysh(arguments));
    nothing_left(&livy);
}
