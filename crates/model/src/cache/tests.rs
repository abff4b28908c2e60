//! What is kept, what it is found by, and what is not believed.

use std::sync::atomic::AtomicU32;
use std::time::Duration;

use tribune_evidence::{Content, Seed};

use super::*;

/// Answers each time with another number.
struct Counting {
    name: &'static str,
    place: &'static str,
    answers: AtomicU32,
}

impl Counting {
    fn new(name: &'static str, place: &'static str) -> Arc<Self> {
        let answers = AtomicU32::new(0);
        Arc::new(Self {
            name,
            place,
            answers,
        })
    }
}

#[async_trait::async_trait]
impl Model for Counting {
    fn name(&self) -> &str {
        self.name
    }

    fn is_simulated(&self) -> bool {
        false
    }

    fn served_by(&self) -> String {
        self.place.to_owned()
    }

    async fn complete(&self, _: &Conversation, _: &Settings) -> Result<Completion, ModelError> {
        let number = self.answers.fetch_add(1, Ordering::SeqCst);
        let long = vec![b'x'; 10_000];
        let usage = Usage {
            input: 7,
            output: 3,
            cost: Some(0.25),
            ..Usage::default()
        };
        Ok(Completion {
            message: Message::Assistant {
                text: format!("answer {number}"),
                reasoning: Some("why".to_owned()),
                calls: Vec::new(),
                raw: Some(Arc::new(serde_json::json!({"z": 1, "a": [1.5, null]}))),
            },
            stop: Stop::Finished,
            usage,
            exchange: Some(Exchange {
                parent: None,
                request: BlobId::of(b"request"),
                added: Content::of(b"request"),
                response: Content::of(&long),
                model_requested: self.name.to_owned(),
                model_confirmed: None,
                fingerprint: None,
                usage,
                tries: 1,
                failed: Vec::new(),
                from_cache: false,
                lost: None,
                unanswered: None,
            }),
            blobs: vec![long],
            notes: vec!["an image".to_owned()],
        })
    }
}

fn conversation(task: &str) -> Conversation {
    Conversation {
        system: "s".to_owned(),
        messages: vec![Message::User {
            text: task.to_owned(),
        }],
        tools: Arc::new([]),
    }
}

fn settings() -> Settings {
    Settings {
        temperature: None,
        max_output_tokens: None,
        send_seed: false,
        seed: Seed::from_bytes([1; 32]),
        time_out: Duration::from_secs(9),
        ledger: None,
    }
}

fn text(answer: &Completion) -> &str {
    match &answer.message {
        Message::Assistant { text, .. } => text,
        _ => "",
    }
}

async fn ask(model: &Cached, task: &str, settings: &Settings) -> Completion {
    model.complete(&conversation(task), settings).await.unwrap()
}

#[tokio::test]
async fn the_same_question_of_the_same_trial_is_answered_alike_and_costs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Arc::new(Cache::open(folder.path()).unwrap());
    let model = Counting::new("a/m", "here");
    let trial = |name: &str| Cached::new(model.clone(), Arc::clone(&cache), name.to_owned());
    let first = ask(&trial("1"), "t", &settings()).await;
    assert!(!first.exchange.as_ref().unwrap().from_cache);
    let again = ask(&trial("1"), "t", &settings()).await;
    assert_eq!(again.message, first.message, "raw and reasoning included");
    assert_eq!((&again.blobs, &again.notes), (&first.blobs, &first.notes));
    assert_eq!((again.usage.input, again.usage.cost), (7, Some(0.0)));
    let exchange = again.exchange.unwrap();
    assert!(exchange.from_cache);
    assert_eq!(exchange.usage.cost, Some(0.0));
    // Time-outs and seeds that are not sent are no part of the question.
    let later = Settings {
        time_out: Duration::from_secs(1),
        ledger: None,
        seed: Seed::from_bytes([2; 32]),
        ..settings()
    };
    assert_eq!(text(&ask(&trial("1"), "t", &later).await), "answer 0");
    assert_eq!(cache.tally().found, 2);
}

#[tokio::test]
async fn whatever_could_change_the_answer_makes_it_another_question() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Arc::new(Cache::open(folder.path()).unwrap());
    let model = Counting::new("a/m", "here");
    let of = |model: &Arc<Counting>, trial: &str| {
        Cached::new(model.clone(), Arc::clone(&cache), trial.to_owned())
    };
    let same = of(&model, "1");
    assert_eq!(text(&ask(&same, "t", &settings()).await), "answer 0");
    // The same once more in the same trial is another draw, and stays one.
    assert_eq!(text(&ask(&same, "t", &settings()).await), "answer 1");
    let again = of(&model, "1");
    assert_eq!(text(&ask(&again, "t", &settings()).await), "answer 0");
    assert_eq!(text(&ask(&again, "t", &settings()).await), "answer 1");
    assert_eq!(
        text(&ask(&of(&model, "2"), "t", &settings()).await),
        "answer 2"
    );
    assert_eq!(
        text(&ask(&of(&model, "1"), "u", &settings()).await),
        "answer 3"
    );
    let others = [
        Settings {
            temperature: Some(0.5),
            ..settings()
        },
        Settings {
            max_output_tokens: Some(9),
            ..settings()
        },
        Settings {
            send_seed: true,
            ..settings()
        },
        Settings {
            send_seed: true,
            seed: Seed::from_bytes([2; 32]),
            ..settings()
        },
    ];
    for (number, settings) in others.iter().enumerate() {
        let told = ask(&of(&model, "1"), "t", settings).await;
        assert_eq!(text(&told), format!("answer {}", number + 4));
    }
    for other in [Counting::new("a/n", "here"), Counting::new("a/m", "there")] {
        ask(&of(&other, "1"), "t", &settings()).await;
        assert_eq!(other.answers.load(Ordering::SeqCst), 1, "it was asked");
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let list = |folder: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    };
    list(folder).iter().flat_map(|shelf| list(shelf)).collect()
}

#[tokio::test]
async fn an_entry_that_was_touched_is_not_believed_and_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Arc::new(Cache::open(folder.path()).unwrap());
    let model = Counting::new("a/m", "here");
    let trial = || Cached::new(model.clone(), Arc::clone(&cache), "1".to_owned());
    ask(&trial(), "t", &settings()).await;
    let entry = entries(folder.path()).pop().unwrap();
    let whole = std::fs::read(&entry).unwrap();
    let mut other = whole.clone();
    let last = other.len() - 10;
    other[last] ^= 1;
    // A body that is no entry, under its right hash.
    let foreign = [BlobId::of(b"{}").to_string().as_bytes(), b"\n{}"].concat();
    let damaged = [
        other,
        whole[..whole.len() / 2].to_vec(),
        Vec::new(),
        b"\n".to_vec(),
        foreign,
    ];
    for (number, bytes) in damaged.iter().enumerate() {
        std::fs::write(&entry, bytes).unwrap();
        let told = ask(&trial(), "t", &settings()).await;
        assert_eq!(text(&told), format!("answer {}", number + 1));
        assert_eq!(cache.tally().damaged, number as u64 + 1);
        // It is whole again.
        let told = ask(&trial(), "t", &settings()).await;
        assert_eq!(text(&told), format!("answer {}", number + 1));
    }
    // An entry in the place of another is of another question.
    ask(&trial(), "u", &settings()).await;
    let places = entries(folder.path());
    assert_eq!(places.len(), 2, "nothing is left beside");
    std::fs::copy(&places[0], folder.path().join("aside")).unwrap();
    std::fs::copy(&places[1], &places[0]).unwrap();
    std::fs::copy(folder.path().join("aside"), &places[1]).unwrap();
    std::fs::remove_file(folder.path().join("aside")).unwrap();
    let before = cache.tally();
    ask(&trial(), "t", &settings()).await;
    assert_eq!(cache.tally().damaged, before.damaged + 1);
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("deep/cache");
    let cache = Arc::new(Cache::open(&own).unwrap());
    let model = Counting::new("a/m", "here");
    ask(&Cached::new(model, cache, "1".to_owned()), "t", &settings()).await;
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let entry = entries(&own).pop().unwrap();
    assert_eq!(mode(&entry), 0o600);
    assert_eq!(mode(entry.parent().unwrap()), 0o700);
    assert_eq!(mode(&own), 0o700);
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_counted_and_stops_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("cache");
    let cache = Arc::new(Cache::open(&own).unwrap());
    std::fs::remove_dir(&own).unwrap();
    std::fs::write(&own, b"a file in the place of the folder").unwrap();
    let model = Counting::new("a/m", "here");
    let trial = Cached::new(model, Arc::clone(&cache), "1".to_owned());
    assert_eq!(text(&ask(&trial, "t", &settings()).await), "answer 0");
    assert_eq!(cache.tally().unwritten, 1);
}
