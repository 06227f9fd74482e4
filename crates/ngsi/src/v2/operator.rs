//! Update operators: values such as `{"$inc":1}` that say what becomes of the value an attribute has.

use std::cmp::Ordering;

use serde_json::{Map, Number, Value};

use crate::{JsonText, ParseError};

/// What is to become of a value.
#[derive(Debug, Clone, PartialEq)]
pub enum Operation {
    /// Adds a number.
    Inc(Number),
    /// Multiplies by a number.
    Mul(Number),
    /// The smaller of the two.
    Min(Value),
    /// The greater of the two.
    Max(Value),
    /// Adds an item to a list.
    Push(Value),
    /// The same, unless the list has the item.
    AddToSet(Value),
    /// Takes out of a list all items that are one of these.
    Pull(Vec<Value>),
    /// Takes the place of the value.
    Put(Value),
    /// Sets and removes members of an object.
    Members {
        /// The members to set.
        set: Map<String, Value>,
        /// The names of those to remove.
        unset: Vec<String>,
    },
}

const NAMES: [&str; 10] = ["$inc", "$mul", "$min", "$max", "$push", "$addToSet", "$pull", "$pullAll", "$set", "$unset"];

/// Whether a value is an operation, and not a value that an attribute can have.
#[must_use]
pub fn is_operation(value: &JsonText) -> bool {
    let text = value.as_str();
    if !text.starts_with('{') || !text.contains("\"$") {
        return false;
    }
    matches!(value.to_value(), Value::Object(members) if members.keys().any(|name| NAMES.contains(&name.as_str())))
}

impl Operation {
    /// Reads an operation. It stands alone; only `$set` and `$unset` go together.
    ///
    /// # Errors
    /// Names the operator whose operand it cannot take; the path starts at `value`.
    pub fn parse(value: &JsonText) -> Result<Self, ParseError> {
        let Value::Object(mut members) = value.to_value() else {
            return Err(ParseError::new("value", "is no operation"));
        };
        let (set, unset) = (members.remove("$set"), members.remove("$unset"));
        if set.is_some() || unset.is_some() {
            if let Some(other) = members.keys().next() {
                return Err(alone(other));
            }
            return Self::of_members(set, unset);
        }
        let mut members = members.into_iter();
        match (members.next(), members.next()) {
            (Some((name, operand)), None) => Self::of(&name, operand),
            (_, other) => Err(alone(&other.map(|(name, _)| name).unwrap_or_default())),
        }
    }

    fn of(name: &str, operand: Value) -> Result<Self, ParseError> {
        Ok(match name {
            "$inc" => Self::Inc(number(name, operand)?),
            "$mul" => Self::Mul(number(name, operand)?),
            "$min" => Self::Min(operand),
            "$max" => Self::Max(operand),
            "$push" => Self::Push(operand),
            "$addToSet" => Self::AddToSet(operand),
            "$pull" => Self::Pull(vec![operand]),
            "$pullAll" => match operand {
                Value::Array(items) => Self::Pull(items),
                _ => return Err(operand_of(name, "a list")),
            },
            other => return Err(ParseError::new("value", format!("there is no operator `{other}`"))),
        })
    }

    fn of_members(set: Option<Value>, unset: Option<Value>) -> Result<Self, ParseError> {
        let unset = match unset {
            Some(Value::Object(members)) => members,
            // Nothing is named.
            _ => Map::new(),
        };
        let set = match set {
            None => Map::new(),
            Some(Value::Object(members)) => members,
            Some(other) if unset.is_empty() => return Ok(Self::Put(other)),
            Some(_) => return Err(operand_of("$set", "an object beside $unset")),
        };
        if let Some(name) = unset.keys().find(|name| set.contains_key(*name)) {
            return Err(ParseError::new("value", format!("$set and $unset both name `{name}`")));
        }
        Ok(Self::Members { set, unset: unset.into_iter().map(|(name, _)| name).collect() })
    }

    /// What becomes of `present`; of nothing becomes what the operator starts from.
    ///
    /// # Errors
    /// Names the operator that cannot be applied to this value; the path is `value`.
    pub fn apply(self, present: Option<&JsonText>) -> Result<JsonText, ParseError> {
        let present = present.map(JsonText::to_value);
        Ok(JsonText::from(match self {
            Self::Inc(operand) => add(present, &operand)?,
            Self::Mul(operand) => multiply(present, &operand)?,
            Self::Min(operand) => least("$min", present, operand, Ordering::Greater)?,
            Self::Max(operand) => least("$max", present, operand, Ordering::Less)?,
            Self::Push(item) => on_list("$push", present, |list| list.push(item))?,
            Self::AddToSet(item) => on_list("$addToSet", present, |list| {
                if !list.iter().any(|other| equal(other, &item)) {
                    list.push(item);
                }
            })?,
            Self::Pull(items) => on_list("$pull", present, |list| {
                list.retain(|item| !items.iter().any(|other| equal(item, other)));
            })?,
            Self::Put(operand) => operand,
            Self::Members { set, unset } => on_object(present, set, &unset)?,
        }))
    }
}

fn alone(name: &str) -> ParseError {
    ParseError::new("value", format!("an operator stands alone, there is `{name}` besides"))
}

fn operand_of(operator: &str, wanted: &str) -> ParseError {
    ParseError::new("value", format!("{operator} takes {wanted}"))
}

fn cannot(operator: &str, wanted: &str) -> ParseError {
    ParseError::new("value", format!("{operator} changes {wanted}, which the attribute does not have"))
}

fn number(operator: &str, operand: Value) -> Result<Number, ParseError> {
    match operand {
        Value::Number(number) => Ok(number),
        _ => Err(operand_of(operator, "a number")),
    }
}

fn add(present: Option<Value>, operand: &Number) -> Result<Value, ParseError> {
    match present {
        None => Ok(Value::Number(operand.clone())),
        Some(Value::Number(present)) => calculate("$inc", &present, operand, i64::checked_add, |a, b| a + b),
        Some(_) => Err(cannot("$inc", "a number")),
    }
}

fn multiply(present: Option<Value>, operand: &Number) -> Result<Value, ParseError> {
    match present {
        None => Ok(Value::from(0)),
        Some(Value::Number(present)) => calculate("$mul", &present, operand, i64::checked_mul, |a, b| a * b),
        Some(_) => Err(cannot("$mul", "a number")),
    }
}

/// Whole numbers stay whole as long as they fit.
fn calculate(
    operator: &str,
    one: &Number,
    other: &Number,
    whole: impl Fn(i64, i64) -> Option<i64>,
    real: impl Fn(f64, f64) -> f64,
) -> Result<Value, ParseError> {
    if let Some(result) = one.as_i64().zip(other.as_i64()).and_then(|(one, other)| whole(one, other)) {
        return Ok(Value::from(result));
    }
    let result = one.as_f64().zip(other.as_f64()).and_then(|(one, other)| Number::from_f64(real(one, other)));
    result.map(Value::Number).ok_or_else(|| ParseError::new("value", format!("{operator}: the result is no number")))
}

/// The operand if the present value stands in that order to it.
fn least(operator: &str, present: Option<Value>, operand: Value, order: Ordering) -> Result<Value, ParseError> {
    let Some(present) = present else { return Ok(operand) };
    let compared = compare(&present, &operand).ok_or_else(|| cannot(operator, "a number, a text or a boolean"))?;
    Ok(if compared == order { operand } else { present })
}

/// Values of different types stand in the order null, number, text, boolean.
fn compare(one: &Value, other: &Value) -> Option<Ordering> {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64()?.partial_cmp(&other.as_f64()?),
        (Value::String(one), Value::String(other)) => Some(one.cmp(other)),
        (Value::Bool(one), Value::Bool(other)) => Some(one.cmp(other)),
        _ => Some(rank(one)?.cmp(&rank(other)?)),
    }
}

fn rank(value: &Value) -> Option<u8> {
    match value {
        Value::Null => Some(0),
        Value::Number(_) => Some(1),
        Value::String(_) => Some(2),
        Value::Bool(_) => Some(3),
        Value::Array(_) | Value::Object(_) => None,
    }
}

/// `1` and `1.0` are the same item.
fn equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        _ => one == other,
    }
}

fn on_list(operator: &str, present: Option<Value>, change: impl FnOnce(&mut Vec<Value>)) -> Result<Value, ParseError> {
    let mut list = match present {
        None => Vec::new(),
        Some(Value::Array(list)) => list,
        Some(_) => return Err(cannot(operator, "a list")),
    };
    change(&mut list);
    Ok(Value::Array(list))
}

fn on_object(present: Option<Value>, set: Map<String, Value>, unset: &[String]) -> Result<Value, ParseError> {
    let mut members = match present {
        None => Map::new(),
        Some(Value::Object(members)) => members,
        Some(_) => return Err(cannot(if set.is_empty() { "$unset" } else { "$set" }, "an object")),
    };
    members.retain(|name, _| !unset.contains(name));
    members.extend(set);
    Ok(Value::Object(members))
}
