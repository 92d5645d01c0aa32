//! Results as one self-contained web page, and the roofline as a picture.
//!
//! Everything is written by hand as HTML and SVG, without script and without anything from elsewhere. Colours follow
//! the reader's light or dark setting; no information is in colour alone.

mod compare;
mod labels;
mod ledger_bars;
mod machine_table;
mod model;
mod page;
mod roofline;
mod style;
mod validation;

pub use compare::render as comparison;
pub use model::render as model;
pub use page::render;
pub use roofline::picture as roofline;
pub use validation::render as validation;

/// Text as it stands in an element or a quoted attribute.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\'' => escaped += "&#39;",
            // Not allowed in XML, whatever the escape.
            c if c.is_control() && c != '\n' && c != '\t' => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}
