//! A day of a client that asks every five minutes with what it has, while health moves by the minute and prices a few times.

use std::time::Duration;

use super::{catalogs::model, *};

const MINUTE: Duration = Duration::from_secs(60);
const POLLS: usize = 24 * 12;

/// The catalog at a time: health and response times change every three minutes, a price four times a day.
fn models(minute: usize) -> Vec<Value> {
    let each = (0..20).map(|number| {
        let price = if number == 7 { minute / 360 } else { number };
        let moved = minute / 3;
        let health = if (moved + number).is_multiple_of(7) { "down" } else { "healthy" };
        let offer = json!({
            "slug": "p", "name": "P",
            "pricing": { "prompt": price.to_string(), "completion": "1", "image": "0", "request": "0" },
            "context_length": 1, "health_status": health,
            "average_response_time_ms": 100 + (moved * 31 + number * 17) % 50,
            "modality": null, "supports_streaming": null, "supports_function_calling": null,
            "supports_vision": null, "description": null, "model_name": "m",
        });
        model(number, &["m"], &[offer])
    });
    each.collect()
}

/// How many of a day's polls of these paths are answered 304.
fn unchanged<const N: usize>(paths: [&str; N]) -> [usize; N] {
    let service = Service::new(&[]);
    let mut held = [const { String::new() }; N];
    let mut unchanged = [0; N];
    for minute in 0..24 * 60 {
        holds(&service, &models(minute));
        if minute % 3 == 0 {
            service.scheduled().unwrap();
        }
        if minute % 5 == 0 {
            for ((path, held), unchanged) in paths.iter().zip(&mut held).zip(&mut unchanged) {
                let answer = service.ask_again("GET", path, held);
                *unchanged += usize::from(answer.status == 304);
                answer.header("etag").unwrap().clone_into(held);
            }
        }
        service.world.sim.run_for(MINUTE);
    }
    unchanged
}

#[test]
fn who_polls_the_stable_view_is_nearly_always_told_that_nothing_changed() {
    let [plain, stable, health, prices] = unchanged([
        "/models/unique",
        "/models/unique?view=stable",
        "/models/unique/health",
        "/models/unique?fields=providers.pricing",
    ]);
    let percent = |count: usize| count * 100 / POLLS;
    println!(
        "304 of {POLLS} polls a day: plain {plain} ({} %), stable {stable} ({} %), health {health} ({} %)",
        percent(plain),
        percent(stable),
        percent(health)
    );
    assert_eq!((plain, health), (0, 0));
    // The first poll, and three times a price.
    assert_eq!((stable, prices), (POLLS - 4, POLLS - 4));
}
