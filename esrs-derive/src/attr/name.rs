//! Names that are stored: literals of a narrow alphabet, so that they mean the same everywhere.

use proc_macro2::Ident;
use syn::LitStr;
use syn::ext::IdentExt;

/// Why a literal cannot be a name that is stored: `what` it names, and how long it may be.
pub(crate) fn check(literal: &LitStr, what: &str, max_bytes: usize) -> syn::Result<()> {
    let name = literal.value();
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let message = if name.is_empty() {
        format!("{what} is empty")
    } else if name.len() > max_bytes {
        format!("{what} is {} bytes long; {max_bytes} are allowed", name.len())
    } else if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(fits) {
        let suggestion = snake(&name);
        let suggestion = match suggestion.is_empty() {
            true => String::new(),
            false => format!(": write `\"{suggestion}\"`"),
        };
        format!(
            "{what} begins with a lowercase letter and goes on with lowercase letters, digits and \
             `_`{suggestion}"
        )
    } else {
        return Ok(());
    };
    Err(syn::Error::new_spanned(literal, message))
}

/// The name that a type would have: `bank_account` for `BankAccount`.
pub(crate) fn of_type(ident: &Ident) -> String {
    snake(&ident.unraw().to_string())
}

fn snake(text: &str) -> String {
    let mut name = String::new();
    let mut after_lowercase = false;
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            let divides = c.is_ascii_uppercase() && after_lowercase;
            if divides && !name.ends_with('_') {
                name.push('_');
            }
            name.push(c.to_ascii_lowercase());
        } else if !name.is_empty() && !name.ends_with('_') {
            name.push('_');
        }
        after_lowercase = c.is_ascii_lowercase() || c.is_ascii_digit();
    }
    name.trim_start_matches(|c: char| !c.is_ascii_lowercase()).trim_end_matches('_').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_suggested_for_what_cannot_be_one() {
        assert_eq!(snake("BankAccount"), "bank_account");
        assert_eq!(snake("bank-account"), "bank_account");
        assert_eq!(snake("Bank Account "), "bank_account");
        assert_eq!(snake("2nd_account"), "nd_account");
        assert_eq!(snake("日"), "");
    }
}
