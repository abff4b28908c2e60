//! Small stories of several agents, and what the society must say of each.

mod acts;
mod bounds;
mod denied;
mod flows;
mod praise;
mod replay;
mod resolvers;
mod stories;
mod story;
mod studies;
mod table;
mod talking;
