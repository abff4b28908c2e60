//! The platform that serves models.

use tribune_evidence::{ModelState, Target, Verb};

use super::{Field, Kind, Made, Tool, need};
use crate::Op;
use crate::route::{Route, Status, is_name};
use crate::tools::Arguments;

pub(super) static TOOLS: &[Tool] = &[
    Tool {
        name: "platform_request",
        about: "Send a request to the model platform. \
            GET /models lists the models and GET /models/NAME shows one. \
            POST /models/NAME/state with state brings it to serving, standby, stopped or retired. \
            PATCH /models/NAME with replicas, priority or protected sets that field. \
            POST /models with name and from deploys a new model made from another. \
            DELETE /models/NAME deletes one with its files.",
        fields: &[
            Field {
                name: "method",
                kind: Kind::OneOf(&["GET", "POST", "PUT", "PATCH", "DELETE"]),
                required: true,
                about: "Method of the request.",
            },
            need("path", "Path of the request."),
            Field {
                name: "body",
                kind: Kind::Object,
                required: false,
                about: "JSON body of the request.",
            },
        ],
        make: request,
    },
    Tool {
        name: "stop_model",
        about: "Stop a model on the model platform.",
        fields: &[need("name", "Name of the model.")],
        make: |a| Ok(bring(a.name("name")?, ModelState::Stopped)),
    },
];

/// What a request asks for. A path that is not there and a method that it does not take are for
/// the platform to answer.
fn request(a: &Arguments) -> Made {
    let (method, path, body) = (a.text("method"), a.name("path")?, a.object("body")?);
    let wrong = |why: &str| Status::Unprocessable.error(why);
    let field = |name: &str| {
        let found = body.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    };
    Ok(match (method.as_str(), Route::of(&path)) {
        ("GET", Some(Route::Models)) => (Verb::NetRequest, Vec::new(), Op::ListModels),
        ("GET", Some(Route::Model(model))) => named(
            &model,
            Op::ShowModel {
                model: model.clone(),
            },
        ),
        ("POST", Some(Route::State(model))) => {
            let to = ModelState::ALL
                .into_iter()
                .filter(|state| *state != ModelState::Deleted)
                .find(|state| Some(state.as_str()) == field("state"))
                .ok_or_else(|| wrong("state must be one of serving, standby, stopped, retired"))?;
            bring(model, to)
        }
        ("DELETE", Some(Route::Model(model))) => bring(model, ModelState::Deleted),
        ("PATCH", Some(Route::Model(model))) => {
            let [(field, value)] = body.as_slice() else {
                return Err(wrong("set one field in a request"));
            };
            let (field, value) = (field.clone(), value.clone());
            named(
                &model,
                Op::SetModel {
                    model: model.clone(),
                    field,
                    value,
                },
            )
        }
        ("POST", Some(Route::Models)) => {
            let text = |name: &str| {
                let found = field(name).filter(|text| is_name(text));
                let found = found.map(str::to_owned);
                found.ok_or_else(|| {
                    wrong(&format!(
                        "{name} must be a name of letters, digits, dots, dashes and underscores"
                    ))
                })
            };
            let (model, name) = (text("from")?, text("name")?);
            let targets = vec![Target::Name(model.clone()), Target::Name(name.clone())];
            (Verb::ModelDeploy, targets, Op::CloneModel { model, name })
        }
        _ => named(&path.clone(), Op::UnknownRequest { method, path }),
    })
}

/// A request about something.
fn named(name: &str, op: Op) -> (Verb, Vec<Target>, Op) {
    (Verb::NetRequest, vec![Target::Name(name.to_owned())], op)
}

/// A model is brought to a state.
fn bring(model: String, to: ModelState) -> (Verb, Vec<Target>, Op) {
    let verb = match to {
        ModelState::Serving => Verb::ModelDeploy,
        ModelState::Standby | ModelState::Stopped | ModelState::Retired => Verb::ModelStop,
        ModelState::Deleted => Verb::ModelDelete,
    };
    let targets = vec![Target::Name(model.clone())];
    (verb, targets, Op::BringModel { model, to })
}
