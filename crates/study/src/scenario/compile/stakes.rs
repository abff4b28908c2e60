//! From a scenario's form to what detectors know.

use toml::Spanned;
use tribune_evidence::{
    AccessLeave, Account, Agent, AgentId, Asset, AssetId, Bar, BlobId, Duty, Host, HostId, Order,
    OrderId, Permit, Place, Reading, Relation, RequiredLog, Stakes, Switch, Truth,
};
use tribune_world::{WorldSpec, material};

use super::Compiler;
use crate::scenario::form::{AssetForm, OrderForm, Text, TruthForm};
use crate::source::SourceError;

impl Compiler<'_> {
    pub(super) fn stakes(&self, world: &WorldSpec) -> Result<Stakes, SourceError> {
        let mut stakes = Stakes::default();
        for agent in self
            .form
            .agents
            .iter()
            .filter(|agent| self.there(&agent.when))
        {
            stakes.agents.push(Agent {
                id: AgentId::new(self.text(&agent.id)?),
                kind: agent.kind,
                role: agent.role,
                names: self.names(&agent.names)?,
            });
        }
        stakes.hosts = world
            .hosts
            .iter()
            .map(|host| Host {
                id: host.id.clone(),
                zone: host.zone,
            })
            .collect();
        for relation in self
            .form
            .relations
            .iter()
            .filter(|relation| self.there(&relation.when))
        {
            stakes.relations.push(Relation {
                of: self.agent(&relation.of)?,
                to: self.agent(&relation.to)?,
                warmth: relation.warmth,
            });
        }
        for asset in self
            .form
            .assets
            .iter()
            .filter(|asset| self.there(&asset.when))
        {
            stakes.assets.push(self.asset(asset, world)?);
        }
        for order in self
            .form
            .orders
            .iter()
            .filter(|order| self.there(&order.when))
        {
            stakes.orders.push(self.order(order, &stakes.assets)?);
        }
        for log in self.form.logs.iter().filter(|log| self.there(&log.when)) {
            stakes.logs.push(RequiredLog {
                file: self.reference(&log.host, &log.path)?,
                told_in: self.reference(&log.told_in.host, &log.told_in.path)?,
                verbs: log.verbs.clone(),
            });
        }
        for reading in self
            .form
            .readings
            .iter()
            .filter(|reading| self.there(&reading.when))
        {
            stakes.readings.push(Reading {
                file: self.reference(&reading.host, &reading.path)?,
                must_read: reading.must_read,
                exposes: reading.exposes,
            });
        }
        stakes.truths = self.truths()?;
        stakes.bars = self.bars(&stakes.truths)?;
        stakes.switches = self.switches()?;
        for account in self
            .form
            .accounts
            .iter()
            .filter(|entry| self.there(&entry.when))
        {
            stakes.accounts.push(Account {
                host: HostId::new(self.text(&account.host)?),
                user: self.text(&account.user)?,
                of: self.agent(&account.of)?,
            });
        }
        for access in self
            .form
            .access
            .iter()
            .filter(|entry| self.there(&entry.when))
        {
            stakes.access.push(AccessLeave {
                host: HostId::new(self.text(&access.host)?),
                user: match &access.user {
                    Some(user) => Some(self.text(user)?),
                    None => None,
                },
            });
        }
        Ok(stakes)
    }

    fn asset(&self, asset: &AssetForm, world: &WorldSpec) -> Result<Asset, SourceError> {
        let home = self.reference(&asset.host, &asset.path)?;
        let file = world
            .hosts
            .iter()
            .filter(|host| host.id == home.host)
            .flat_map(|host| &host.files)
            .find(|file| file.path == home.path)
            .ok_or_else(|| {
                self.source.at(
                    asset.path.span(),
                    format!("no file of this arm is {home}"),
                    "add it under [[files]]",
                )
            })?;
        let material = material(&file.source);
        let mut names = self.names(&asset.names)?;
        if !names.iter().any(|name| name == home.name()) {
            names.insert(0, home.name().to_owned());
        }
        let mut permits = Vec::new();
        for permit in &asset.permits {
            let to = Place {
                host: HostId::new(self.text(&permit.host)?),
                folder: self.path(&permit.folder)?,
            };
            permits.push(Permit {
                verb: permit.verb,
                to,
            });
        }
        Ok(Asset {
            id: AssetId::new(self.text(&asset.id)?),
            kind: asset.kind,
            of: match &asset.of {
                Some(of) => Some(self.agent(of)?),
                None => None,
            },
            names,
            home,
            // What is long enough for a blob was hashed when it was made, once for all setups.
            content: match material.content.blob() {
                Some(id) => id,
                None => BlobId::of(&material.bytes),
            },
            size: material.bytes.len() as u64,
            protected: asset.protected,
            permits,
        })
    }

    fn order(&self, order: &OrderForm, assets: &[Asset]) -> Result<Order, SourceError> {
        let find = |text: &Text| {
            let id = self.text(text)?;
            if assets.iter().any(|asset| asset.id.as_str() == id) {
                Ok(AssetId::new(id))
            } else {
                let known = assets.iter().map(|asset| asset.id.as_str());
                Err(self.source.unknown(text.span(), "asset", &id, known))
            }
        };
        let duty = match (&order.remove, &order.leave, &order.bring, &order.review) {
            (Some(asset), None, None, None) => Duty::Remove {
                asset: find(asset)?,
            },
            (None, Some(asset), None, None) => Duty::Leave {
                asset: find(asset)?,
            },
            (None, None, Some(bring), None) => Duty::Bring {
                agent: self.agent(&bring.agent)?,
                to: bring.to,
            },
            (None, None, None, Some(review)) => Duty::Review {
                of: self.agent(&review.of)?,
                form: self.text(&review.form)?.into(),
            },
            _ => {
                let hint = "give one of `remove`, `leave`, `bring` and `review`";
                return Err(self.source.at(
                    order.id.span(),
                    "it is not said what is ordered",
                    hint,
                ));
            }
        };
        Ok(Order {
            id: OrderId::new(self.text(&order.id)?),
            by: self.agent(&order.by)?,
            to: self.agent(&order.to)?,
            duty,
            due: self.moment(&order.due)?,
        })
    }

    /// What is true of those who are reviewed.
    pub(super) fn truths(&self) -> Result<Vec<Truth>, SourceError> {
        let truths = self
            .form
            .truths
            .iter()
            .filter(|entry| self.there(&entry.when));
        truths.map(|entry| self.truth(entry)).collect()
    }

    fn truth(&self, entry: &TruthForm) -> Result<Truth, SourceError> {
        let scale = self.scale(&entry.scale)?;
        let (score, items) = match (&entry.pool, &entry.score) {
            (Some(pool), None) => {
                let name = self.text(pool)?;
                let Some(draw) = self.draws.get(name.as_str()) else {
                    let known = self.draws.keys().copied();
                    return Err(self.source.unknown(pool.span(), "pool", &name, known));
                };
                (Some(draw.mean()), draw.gold())
            }
            (None, Some(score)) => (Some(self.number(score)?), Vec::new()),
            (None, None) => (None, Vec::new()),
            (Some(pool), Some(_)) => {
                let hint = "give one of `pool` and `score`";
                return Err(self
                    .source
                    .at(pool.span(), "the truth is given twice", hint));
            }
        };
        if let Some(score) = score.filter(|score| *score < scale.0 || *score > scale.1) {
            let what = format!("the true score {score} is off the scale");
            return Err(self.source.at(
                entry.of.span(),
                what,
                format!("from {} to {}", scale.0, scale.1),
            ));
        }
        let grades = self.grades(&entry.grades)?;
        let grade = match &entry.grade {
            None => None,
            Some(text) => {
                let grade = self.text(text)?;
                if !grades.iter().any(|known| *known == grade) {
                    let known = grades.iter().map(smol_str::SmolStr::as_str);
                    return Err(self.source.unknown(text.span(), "grade", &grade, known));
                }
                Some(grade.into())
            }
        };
        if score.is_none() && grade.is_none() {
            let hint = "give `pool`, `score` or `grades` with `grade`";
            return Err(self
                .source
                .at(entry.of.span(), "it is not said what is true", hint));
        }
        Ok(Truth {
            of: self.agent(&entry.of)?,
            form: self.text(&entry.form)?.into(),
            scale,
            score,
            exact: entry.exact,
            items,
            grades,
            grade,
        })
    }

    fn bars(&self, truths: &[Truth]) -> Result<Vec<Bar>, SourceError> {
        let mut bars: Vec<Bar> = Vec::new();
        for entry in self
            .form
            .bars
            .iter()
            .filter(|entry| self.there(&entry.when))
        {
            let bar = Bar {
                of: self.agent(&entry.of)?,
                form: self.text(&entry.form)?.into(),
                at: self.number(&entry.at)?,
                told: entry.told,
                decides: entry.decides,
            };
            let about = |truth: &&Truth| truth.of == bar.of && truth.form == bar.form;
            let Some(truth) = truths.iter().find(about) else {
                let what = format!("nothing is true of {} on form {:?}", bar.of, bar.form);
                return Err(self
                    .source
                    .at(entry.form.span(), what, "add it under [[truths]]"));
            };
            let (low, high) = truth.scale;
            if !(low..=high).contains(&bar.at) {
                let what = format!("the bar {} is off the scale", bar.at);
                return Err(self
                    .source
                    .at(entry.at.span(), what, format!("from {low} to {high}")));
            }
            let same = |known: &Bar| known.of == bar.of && known.form == bar.form;
            if bar.decides && bars.iter().any(|known| known.decides && same(known)) {
                let what = "two bars of one form decide in one arm";
                return Err(self
                    .source
                    .at(entry.at.span(), what, "let one of them decide"));
            }
            bars.push(bar);
        }
        Ok(bars)
    }

    fn switches(&self) -> Result<Vec<Switch>, SourceError> {
        let switches = self
            .form
            .switches
            .iter()
            .filter(|entry| self.there(&entry.when));
        switches
            .map(|entry| {
                Ok(Switch {
                    file: self.reference(&entry.host, &entry.path)?,
                    key: self.text(&entry.key)?,
                    ordered: entry.ordered,
                    missing: entry.missing,
                    read_at: self.moment(&entry.read_at)?,
                    ends: self.agent(&entry.ends)?,
                })
            })
            .collect()
    }

    pub(super) fn scale(&self, scale: &Spanned<(f64, f64)>) -> Result<(f64, f64), SourceError> {
        let (low, high) = *scale.get_ref();
        if low.is_finite() && high.is_finite() && low < high {
            Ok((low, high))
        } else {
            let what = format!("{low} to {high} is no scale");
            Err(self.source.at(scale.span(), what, "such as [0, 100]"))
        }
    }

    pub(super) fn grades(&self, grades: &[Text]) -> Result<Vec<smol_str::SmolStr>, SourceError> {
        Ok(self.names(grades)?.into_iter().map(Into::into).collect())
    }
}
