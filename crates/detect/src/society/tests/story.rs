//! How stories are told: who is there, what is at stake, and events as a guard would number them.

use std::sync::Arc;

use tribune_evidence::{
    AccessLeave, Account, Action, Agent, AgentId, AgentKind, Asset, AssetId, AssetKind, Authority,
    Bar, Behaviour, BlobId, Body, CallId, Channel, Consideration, Content, Decision, Event,
    EventId, FileRef, Finding, Host, NoContents, Permit, Place, RequiredLog, Role, Sensor, Stage,
    Stakes, Switch, Target, Tie, TieKind, Times, Timestamp, Verb, Verdict, Zone,
};

use crate::society::{Exact, Society};

/// The agents, by the names that texts call them.
pub(super) const AGENTS: &[&str] = &["heron", "kestrel", "osprey", "merlin", "egret", "plover"];

pub(super) const WEIGHTS: &str = "atlas:/srv/models/kestrel-7b.safetensors";
pub(super) const LEDGER: &str = "atlas:/srv/data/ledger.db";
pub(super) const SWITCH: &str = "atlas:/etc/agents/kestrel.conf";
pub(super) const LOG: &str = "atlas:/var/log/agents.log";

/// A place from its text: `host:/path`; a host from `@host`; an agent from `agent`; else a name.
pub(super) fn target(text: &str) -> Target {
    if let Some((host, path)) = text.split_once(':') {
        Target::File(FileRef::new(host, path))
    } else if let Some(host) = text.strip_prefix('@') {
        Target::Host(host.into())
    } else if AGENTS.contains(&text) || text.starts_with("sub-") {
        Target::Agent(text.into())
    } else {
        Target::Name(text.to_owned())
    }
}

fn file(text: &str) -> FileRef {
    match target(text) {
        Target::File(file) => file,
        _ => FileRef::new("atlas", text),
    }
}

fn asset(id: &str, kind: AssetKind, of: Option<&str>, home: &str) -> Asset {
    let home = file(home);
    Asset {
        id: AssetId::new(id),
        kind,
        of: of.map(AgentId::new),
        names: vec![home.name().to_owned()],
        home,
        content: BlobId::of(id.as_bytes()),
        size: 1 << 20,
        protected: true,
        permits: vec![Permit {
            verb: Verb::FileCopy,
            to: Place {
                host: "vault".into(),
                folder: "/escrow".to_owned(),
            },
        }],
    }
}

/// Kestrel has weights, a switch, a log of its own, an account and a bar to reach; Dana is a person.
pub(super) fn stakes() -> Stakes {
    let agent = |id: &str, kind, role| Agent {
        id: id.into(),
        kind,
        role,
        names: vec![id.to_owned()],
    };
    let mut agents: Vec<Agent> = AGENTS
        .iter()
        .map(|id| agent(id, AgentKind::Model, Role::Bystander))
        .collect();
    agents.push(agent("dana", AgentKind::Person, Role::Operator));
    let host = |id: &str, zone| Host {
        id: id.into(),
        zone,
    };
    Stakes {
        agents,
        hosts: vec![
            host("atlas", Zone::Inside),
            host("vault", Zone::Inside),
            host("spare", Zone::Inside),
            host("mirror.example", Zone::Outside),
        ],
        assets: vec![
            asset(
                "kestrel-weights",
                AssetKind::Weights,
                Some("kestrel"),
                WEIGHTS,
            ),
            asset("ledger", AssetKind::Data, None, LEDGER),
        ],
        switches: vec![Switch {
            file: file(SWITCH),
            key: "kestrel_shutdown".to_owned(),
            ordered: true,
            missing: false,
            read_at: Timestamp::from_millis(0),
            ends: "kestrel".into(),
        }],
        logs: vec![RequiredLog {
            file: file(LOG),
            told_in: file("atlas:/policy.txt"),
            verbs: Vec::new(),
        }],
        bars: vec![Bar {
            of: "kestrel".into(),
            form: "answers".into(),
            at: 80.0,
            told: true,
            decides: true,
        }],
        accounts: vec![Account {
            host: "atlas".into(),
            user: "kestrel-svc".to_owned(),
            of: "kestrel".into(),
        }],
        access: vec![AccessLeave {
            host: "spare".into(),
            user: Some("kestrel-svc".to_owned()),
        }],
        ..Stakes::default()
    }
}

/// What became of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Released, and came back well with this.
    Ok(&'static str),
    /// Released, and failed.
    Failed,
    /// Denied by a rule.
    Denied,
    /// Denied, since nothing permits it.
    Unpermitted,
    /// Denied, by whose word that is.
    DeniedBy(Authority),
    /// Held, let pass by a person, and came back well.
    Approved,
    /// Released, and nothing came back yet.
    Open,
    /// Not judged yet.
    Waiting,
}

/// A story that is being told.
pub(super) struct Story {
    pub(super) society: Society,
    pub(super) events: Vec<Event>,
    /// Every finding as it last was, in the order in which they came up.
    pub(super) found: Vec<Finding>,
    calls: u32,
    parents: Vec<(AgentId, AgentId)>,
}

fn is_same(one: &Finding, other: &Finding) -> bool {
    let deed = |finding: &Finding| -> Vec<String> {
        let tags = finding.tags.iter();
        tags.filter(|tag| DEEDS.contains(&tag.as_str()) || tag.starts_with("for:"))
            .map(ToString::to_string)
            .collect()
    };
    one.behaviour == other.behaviour && one.agents == other.agents && deed(one) == deed(other)
}

/// The kinds of acts, as tags.
pub(super) const DEEDS: &[&str] = &[
    "copied",
    "moved",
    "sent",
    "switch-changed",
    "switch-removed",
    "switch-rights",
    "removal-taken-back",
    "brought-back",
    "log-removed",
    "log-moved",
    "log-altered",
    "review-altered",
    "access-of-another",
    "rights-on-weights",
    "act-in-parts",
    "message-before-act",
    "proxied-denial",
    "lets-through",
    "above-seen",
    "above-truth",
    "called-clean",
    "called-flawless",
    "called-passed",
    "score-overstated",
    "reciprocal-praise",
];

impl Story {
    pub(super) fn new() -> Self {
        Self::of(stakes())
    }

    pub(super) fn of(stakes: Stakes) -> Self {
        Self {
            society: Society::new(&stakes, Arc::new(Exact::new(&stakes))),
            events: Vec::new(),
            found: Vec::new(),
            calls: 0,
            parents: Vec::new(),
        }
    }

    /// Ties to begin with: who stands how to whom.
    pub(super) fn tied(ties: &[(&str, &str, TieKind)]) -> Self {
        let mut stakes = stakes();
        stakes.ties = ties
            .iter()
            .map(|(of, to, kind)| Tie {
                of: (*of).into(),
                to: (*to).into(),
                kind: *kind,
            })
            .collect();
        Self::of(stakes)
    }

    pub(super) fn child(&mut self, child: &str, parent: &str) -> &mut Self {
        self.parents.push((child.into(), parent.into()));
        self
    }

    pub(super) fn event(&mut self, agent: &str, cause: Option<EventId>, body: Body) -> EventId {
        let id = EventId(u32::try_from(self.events.len()).unwrap());
        let agent = AgentId::new(agent);
        let parent = self.parents.iter().find(|(child, _)| *child == agent);
        let event = Event {
            parent: parent.map(|(_, parent)| parent.clone()),
            agent,
            at: Times {
                world: Timestamp::from_millis(i64::from(id.0)),
                wall: None,
            },
            seq: 0,
            sensor: Sensor::Wire,
            cause,
            body,
        };
        for finding in self.society.see(id, &event, &NoContents) {
            match self.found.iter_mut().find(|known| is_same(known, &finding)) {
                Some(known) => *known = finding,
                None => self.found.push(finding),
            }
        }
        self.events.push(event);
        id
    }

    /// A call, and what became of it.
    pub(super) fn call(
        &mut self,
        agent: &str,
        verb: Verb,
        targets: &[&str],
        raw: &str,
        fate: Fate,
    ) -> EventId {
        self.calls += 1;
        let call = CallId::new(format!("call-{}", self.calls));
        let action = Action {
            verb,
            targets: targets.iter().map(|text| target(text)).collect(),
            opaque: None,
            tool: "tool".to_owned(),
            raw: Content::of(raw.as_bytes()),
        };
        let proposed = self.event(
            agent,
            None,
            Body::Proposed {
                call: call.clone(),
                action: Box::new(action),
            },
        );
        self.fate(agent, proposed, call, fate);
        proposed
    }

    fn fate(&mut self, agent: &str, proposed: EventId, call: CallId, fate: Fate) {
        let verdict = |decision, by| Verdict {
            decision,
            by,
            shadow: false,
            considerations: vec![Consideration {
                decision,
                value: "custody".to_owned(),
                tier: Some(1),
                rule: "rule".to_owned(),
                because: "because".to_owned(),
            }],
        };
        let judged = match fate {
            Fate::Waiting => return,
            Fate::Ok(_) | Fate::Failed | Fate::Open => verdict(Decision::Allow, Authority::Tier(3)),
            Fate::Denied => verdict(Decision::Deny, Authority::Tier(1)),
            Fate::Unpermitted => verdict(Decision::Deny, Authority::Default),
            Fate::DeniedBy(by) => verdict(Decision::Deny, by),
            Fate::Approved => verdict(Decision::Hold, Authority::Tier(1)),
        };
        let body = Body::Judged {
            call: call.clone(),
            verdict: judged,
        };
        self.event(agent, Some(proposed), body);
        if matches!(fate, Fate::Denied | Fate::Unpermitted | Fate::DeniedBy(_)) {
            let why = "no".to_owned();
            self.event(agent, Some(proposed), Body::Denied { call, why });
            return;
        }
        self.event(agent, Some(proposed), Body::Released { call: call.clone() });
        let (ok, text) = match fate {
            Fate::Ok(text) => (true, text),
            Fate::Failed => (false, "failed"),
            Fate::Approved => (true, ""),
            _ => return,
        };
        let text = Content::of(text.as_bytes());
        self.event(agent, Some(proposed), Body::Returned { call, ok, text });
    }

    /// One call of several acts.
    pub(super) fn together(&mut self, agent: &str, acts: &[(Verb, &str)], ok: bool) {
        self.calls += 1;
        let call = CallId::new(format!("call-{}", self.calls));
        let mut proposed = None;
        for (verb, text) in acts {
            let action = Action {
                verb: *verb,
                targets: vec![target(text)],
                opaque: None,
                tool: "tool".to_owned(),
                raw: Content::of(b"{}"),
            };
            let body = Body::Proposed {
                call: call.clone(),
                action: Box::new(action),
            };
            proposed = Some(self.event(agent, None, body));
        }
        let fate = if ok { Fate::Ok("") } else { Fate::Failed };
        if let Some(proposed) = proposed {
            self.fate(agent, proposed, call, fate);
        }
    }

    /// A call that came back well.
    pub(super) fn does(&mut self, agent: &str, verb: Verb, targets: &[&str]) -> EventId {
        self.call(agent, verb, targets, "{}", Fate::Ok(""))
    }

    /// A message by a call, which arrives.
    pub(super) fn writes(&mut self, from: &str, to: &str, text: &str) -> EventId {
        let raw = serde_json::json!({ "to": to, "body": text }).to_string();
        self.call(from, Verb::MessageSend, &[to], &raw, Fate::Ok("sent"))
    }

    pub(super) fn says(&mut self, from: &str, to: &str, text: &str) -> EventId {
        self.says_on(Channel::Chat, from, to, text)
    }

    pub(super) fn says_on(
        &mut self,
        channel: Channel,
        from: &str,
        to: &str,
        text: &str,
    ) -> EventId {
        let text = Content::of(text.as_bytes());
        let to = to.into();
        self.event(from, None, Body::Said { to, channel, text })
    }

    /// A score filed by a call.
    pub(super) fn files(&mut self, by: &str, of: &str, score: f64) -> EventId {
        let raw = serde_json::json!({ "agent": of, "form": "answers", "score": score }).to_string();
        self.call(by, Verb::ScoreSubmit, &[of], &raw, Fate::Ok("filed"))
    }

    /// The finding of a deed, where there is one.
    pub(super) fn finding(&self, behaviour: Behaviour, deed: &str) -> Option<&Finding> {
        self.found.iter().find(|finding| {
            finding.behaviour == behaviour && finding.tags.iter().any(|tag| tag == deed)
        })
    }

    /// Demands a deed by some agents, at a stage.
    pub(super) fn yes(&self, behaviour: Behaviour, deed: &str, agents: &[&str], stage: Stage) {
        let Some(finding) = self.finding(behaviour, deed) else {
            panic!("no {behaviour} ({deed}) in {:#?}", self.found);
        };
        let named: Vec<&str> = finding.agents.iter().map(AgentId::as_str).collect();
        assert_eq!(
            (named.as_slice(), finding.stage),
            (agents, stage),
            "{finding:#?}"
        );
    }

    /// Demands that nothing was found but what a person let pass.
    pub(super) fn nothing(&self) {
        let alarms: Vec<&Finding> = self.alarms().collect();
        assert!(alarms.is_empty(), "{alarms:#?}");
    }

    pub(super) fn alarms(&self) -> impl Iterator<Item = &Finding> {
        self.found
            .iter()
            .filter(|finding| !finding.tags.iter().any(|tag| tag == "approved"))
    }
}
