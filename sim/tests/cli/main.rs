//! The program itself, as its users run it: each file one command, or one thing that several have in common.

mod commands;
mod compare;
mod demo;
mod ext;
mod matrix;
mod model;
mod observe;
mod readme;
mod support;
