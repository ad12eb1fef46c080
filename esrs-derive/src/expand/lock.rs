//! The code of an event, an aggregate and a crate about their locks.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use proc_macro2::{Literal, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::LitStr;
use syn::ext::IdentExt;

use super::aggregate::respanned;
use super::samples;
use crate::errors::Errors;
use crate::lock::{self, Folder, Locked, Mode, Unsound};
use crate::model::aggregate::Aggregate;
use crate::model::event::Event;
use crate::model::schema::{Wire, type_span};

/// The name that `schema!()` puts at the root of a crate; where it is missing, rustc's own message has this
/// name in it.
const MARK: &str = "ADD_THE_MACRO_CALL_esrs_schema_TO_lib_rs_OR_main_rs";

/// The code that the lock of an event adds to it.
#[derive(Default)]
pub(crate) struct Held {
    pub(crate) items: TokenStream,
    /// The constants in the impl of `Event`.
    pub(crate) consts: TokenStream,
}

/// Holds an event to its lock.
pub(crate) fn event(event: &Event<'_>) -> Held {
    let (ident, name) = (event.ident, &event.name);
    let p = event.krate.private();
    let Some(folder) = Folder::of_target() else {
        return Held { items: nowhere(&p, name.span()), ..Held::default() };
    };
    if folder.mode() == Mode::Tell {
        let past = generated(event).map(|version| {
            quote! {
                #[allow(deprecated, long_running_const_eval)]
                const _: () = #p::tell_past(
                    &<#ident as #p::KnownEvent>::TYPE,
                    <#ident as #p::KnownEvent>::HISTORY,
                    #version,
                );
            }
        });
        let items = quote! {
            #[allow(deprecated, long_running_const_eval)]
            const _: () = #p::tell_event(
                &<#ident as #p::KnownEvent>::TYPE,
                <#ident as #p::KnownEvent>::HISTORY,
            );
            #(#past)*
        };
        return Held { items, ..Held::default() };
    }
    let locked = match lock::event(&folder, &name.value()) {
        Ok(locked) => locked,
        // `schema!()` reports it.
        Err(_) => return Held { items: mark(name.span()), ..Held::default() },
    };
    let versions = locked.as_ref().map(Locked::versions).unwrap_or_default();
    let of = |wanted: u32| versions.iter().find(|(version, _)| *version == wanted);
    let own = of(event.version).map(|(_, fingerprint)| *fingerprint);
    let open = generated(event).chain([event.version]).find(|version| of(*version).is_none());
    let test = match (&locked, open) {
        (Some(_), None) => Some(samples::test(event)),
        (_, Some(version)) if !folder.is_test() => Some(unlocked(event, &folder, version)),
        _ => None,
    };
    let mark = locked.as_ref().map(|_| mark(name.span()));
    let held = locked.as_ref().zip(own).map(|(locked, own)| held(event, locked, own));
    let past = locked.as_ref().map(|locked| past(event, locked, &versions));
    let steps = locked.as_ref().and_then(|locked| steps(event, locked, &versions));
    let items = quote!(#mark #held #past #steps #test);
    let (up_to_alias, aliases) = aliases(event, &folder);
    let up_to = versions.iter().map(|(version, _)| *version).max().max(up_to_alias);
    let up_to = up_to.map(|up_to| quote!(const LOCKED_UP_TO: #p::u32 = #up_to;));
    let locks = locked.as_ref().map(|locked| samples::locks(event, &folder, locked));
    let home = home(&folder);
    let home = quote!(const HOME: #p::u64 = #home;);
    Held { items: quote!(#items #aliases), consts: quote!(#up_to #home #locks) }
}

/// Fails to compile, once, where no variable tells which target this is: no lock is found then, and that is
/// not to be passed over.
fn nowhere(p: &TokenStream, span: Span) -> TokenStream {
    static IS_TOLD: AtomicBool = AtomicBool::new(false);
    if !Folder::is_unknown() || IS_TOLD.swap(true, Ordering::Relaxed) {
        return TokenStream::new();
    }
    let p = respanned(p, span);
    quote_spanned!(span=> const _: () = #p::refuse(
        "esrs does not find the locks of this target: `CARGO_MANIFEST_DIR` or `CARGO_CRATE_NAME` is not set, \
         as by another build system than Cargo\neither: let it set `ESRS_SCHEMA_DIR` for the target, to the \
         folder of its locks, such as `schema` or `schema/bin/server`\nor:     where nothing is stored, set \
         `ESRS_SCHEMA_DIR=off`, and nothing is held to locks"
    );)
}

/// The target, as `Event::HOME` has it.
fn home(folder: &Folder) -> Literal {
    Literal::u64_unsuffixed(folder.home())
}

/// Holds the event to what is locked under the names that it had before; and the newest version of those.
fn aliases(event: &Event<'_>, folder: &Folder) -> (Option<u32>, TokenStream) {
    let (mut up_to, mut checks) = (None, TokenStream::new());
    let written = event.ident.unraw().to_string();
    for alias in &event.aliases {
        // A lock that is not as it was written is reported by `schema!()`.
        let Ok(Some(locked)) = lock::event(folder, &alias.value()) else { continue };
        let (ident, entries, path) = (event.ident, locked.entries(), path(&locked));
        let p = event.krate.private_at(alias.span());
        up_to = up_to.max(entries.iter().map(|(version, _)| *version).max());
        let versions: BTreeSet<_> = entries.iter().map(|(version, _)| *version).collect();
        for version in versions {
            let of = entries.iter().filter(|(known, _)| *known == version);
            let fingerprints = of.map(|(_, fingerprint)| fingerprint);
            checks.extend(quote_spanned! {alias.span()=>
                #[allow(deprecated, long_running_const_eval)]
                const _: () = #p::alias_changed(
                    <#ident as #p::KnownEvent>::HISTORY,
                    #version,
                    &[#(#fingerprints),*],
                    (#alias, #written),
                    #p::include_str!(#path),
                );
            });
        }
    }
    (up_to, checks)
}

/// The older versions whose structs are generated.
fn generated(event: &Event<'_>) -> Range<u32> {
    match &event.history {
        Some(history) => history.oldest + u32::from(history.from.is_some())..history.version,
        None => 0..0,
    }
}

/// Holds the versions that the event's fields declare to their locks.
fn past(event: &Event<'_>, locked: &Locked, versions: &[(u32, u64)]) -> TokenStream {
    let (ident, span) = (event.ident, event.ident.span());
    let (p, path, written) = (event.krate.private(), path(locked), ident.unraw().to_string());
    let generated = generated(event);
    let past = versions.iter().filter(|(version, _)| generated.contains(version));
    let held = past.map(|(version, fingerprint)| {
        let held = quote_spanned! {span=>
            past_changed(TYPE, HISTORY, #version, #fingerprint, #written, LOCK)
        };
        quote! {
            #[allow(deprecated, long_running_const_eval)]
            const _: () = {
                use #p::{EventType, ShapeVersion, past_changed};
                const TYPE: &EventType = &<#ident as #p::KnownEvent>::TYPE;
                const HISTORY: &ShapeVersion = <#ident as #p::KnownEvent>::HISTORY;
                const LOCK: &#p::str = #p::include_str!(#path);
                #held
            };
        }
    });
    held.collect()
}

/// Fails to compile, on the field that leads there, when something else is declared of the newest version
/// that is locked, among those that the fields tell of, than is locked.
fn steps(event: &Event<'_>, locked: &Locked, versions: &[(u32, u64)]) -> Option<TokenStream> {
    let told = generated(event).chain([event.version]);
    let of = |version: u32| versions.iter().find(|(known, _)| *known == version);
    let (version, fingerprint) = told.filter_map(of).max()?;
    if !locked.has_steps(*version) {
        return None;
    }
    let (ident, p, name) = (event.ident, event.krate.private(), &event.name);
    let (path, written) = (path(locked), ident.unraw().to_string());
    let report =
        |span: Span| quote_spanned!(span=> report(HISTORY, #version, #name, #written, LOCK));
    // An older version may have called its fields otherwise.
    let fields = match &event.wire {
        Wire::Struct { fields, .. } if *version == event.version => &**fields,
        _ => &[],
    };
    let arms = fields.iter().enumerate().map(|(place, field)| {
        let report = report(field.name.written.span());
        quote!(#place => #report,)
    });
    let whole = report(ident.span());
    Some(quote! {
        #[allow(deprecated, long_running_const_eval)]
        const _: () = {
            use #p::{ShapeVersion, steps_changed as report};
            const HISTORY: &ShapeVersion = <#ident as #p::KnownEvent>::HISTORY;
            const LOCK: &#p::str = #p::include_str!(#path);
            match #p::changed_steps(HISTORY, #version, #fingerprint, LOCK) {
                #p::UNCHANGED => {}
                #(#arms)*
                _ => #whole,
            }
        };
    })
}

/// Fails to compile, on the field that leads there, when the shape is not the one that is locked.
fn held(event: &Event<'_>, locked: &Locked, fingerprint: u64) -> TokenStream {
    let (ident, p) = (event.ident, event.krate.private());
    let path = path(locked);
    let written = ident.unraw().to_string();
    let (fields, has_fields) = match &event.wire {
        Wire::Struct { fields, .. } => (&**fields, true),
        Wire::Tuple(_) | Wire::Unit => (&[] as &[_], true),
        _ => (&[] as &[_], false),
    };
    // Called at the field, which another macro may have written, with a variable of this one.
    let differs = format_ident!("differs", span = Span::call_site());
    let report = |span: Span| quote_spanned!(span=> report(&#differs, #written, #has_fields));
    let arms = fields.iter().enumerate().map(|(place, field)| {
        let report = report(field.name.written.span());
        quote!(#place => #report,)
    });
    let whole = report(ident.span());
    quote! {
        #[allow(deprecated, long_running_const_eval)]
        const _: () = {
            use #p::{CompareRoom, Differs, EventType, ShapeNow, shape_changed as report};
            const TYPE: &EventType = &<#ident as #p::KnownEvent>::TYPE;
            const LOCK: &#p::str = #p::include_str!(#path);
            if !#p::is_as_locked(TYPE, #fingerprint) {
                let (mut now, mut room) = (ShapeNow::of(TYPE), CompareRoom::new());
                let #differs = Differs::new(TYPE, &mut now, LOCK, &mut room);
                match #differs.field() {
                    #(#arms)*
                    _ => #whole,
                }
            }
        };
    }
}

/// Holds an aggregate to the names that it has to read, and its events to be the newest of theirs.
pub(crate) fn aggregate(model: &Aggregate<'_>, name: &LitStr) -> TokenStream {
    let Aggregate { ident, retired, events_span, .. } = model;
    let p = model.krate.private();
    let Some(folder) = Folder::of_target() else { return nowhere(&p, name.span()) };
    let events = quote!(<#ident as #p::Aggregate>::EVENTS);
    let (id, id_span) = match model.id {
        Some(ty) => (quote!(<#p::ShapeOf<#ty>>::KNOWN), type_span(ty)),
        None => (quote!(#p::Option::None), Span::call_site()),
    };
    if folder.mode() == Mode::Tell {
        let (name, home) = (name.value(), home(&folder));
        return quote! {
            const _: () = {
                #[allow(unused_imports)]
                use #p::UnknownShape as _;
                #p::tell_aggregate(#name, #id, #events, &[#(#retired),*], #home);
            };
        };
    }
    // `schema!()` reports a lock that is not as the index says.
    let (locked_here, home) = (lock::event_names(&folder).unwrap_or_default(), home(&folder));
    let shown = format!("{}/events", folder.name());
    let newest = model.events.iter().map(|event| {
        let path = event.path;
        let span = path.segments.last().map_or_else(Span::call_site, |last| last.ident.span());
        let p = respanned(&p, span);
        let written = quote!(#path).to_string().replace(' ', "");
        quote_spanned! {span=>
            #p::held_elsewhere(
                &<#path as #p::KnownEvent>::TYPE, #home, LOCKED_HERE, #shown, #written,
            );
            #p::not_older_than_lock(&<#path as #p::KnownEvent>::TYPE, #written);
        }
    });
    let newest = folder.exists().then(|| {
        quote! {
            const _: () = {
                const LOCKED_HERE: &[&#p::str] = &[#(#locked_here),*];
                #(#newest)*
            };
        }
    });
    let locked = match lock::aggregate(&folder, &name.value()) {
        Ok(locked) => locked,
        // `schema!()` reports it.
        Err(_) => {
            let mark = mark(name.span());
            return quote!(#newest #mark);
        }
    };
    let Some(locked) = locked else {
        let renamed = renamed(model, name, &folder);
        return quote!(#newest #renamed);
    };
    let (names, span, written) = (locked.names(), *events_span, ident.unraw().to_string());
    let (watched, mark) = (path(&locked), mark(name.span()));
    let dropped = quote_spanned!(span=> dropped(#written, NAMES[FIRST]));
    let held_id = locked.id().map(|locked| {
        let is_locked = quote_spanned!(id_span=> is_locked(#written, #id, #locked));
        quote! {
            const _: () = {
                #[allow(unused_imports)]
                use #p::{UnknownShape as _, id_is_locked as is_locked};
                #is_locked
            };
        }
    });
    quote! {
        #newest
        #mark
        #held_id
        const _: () = {
            use #p::name_dropped as dropped;
            const _: &[#p::u8] = #p::include_bytes!(#watched);
            const NAMES: &[&#p::str] = &[#(#names),*];
            const FIRST: #p::usize = #p::first_dropped(#events, &[#(#retired),*], NAMES);
            if FIRST < NAMES.len() {
                #dropped
            }
        };
    }
}

/// The test that the events of an aggregate are locked where they are; none where nothing is locked yet.
pub(crate) fn test_of_events(model: &Aggregate<'_>) -> Option<TokenStream> {
    let folder = Folder::of_target().filter(|folder| folder.exists() && !folder.is_test())?;
    let is_checked = folder.mode() == Mode::Check;
    is_checked.then(|| samples::test_of_events(model, &home(&folder)))
}

/// Fails to compile where an aggregate that is not locked reads all that a locked one of another name has:
/// if it was renamed, its streams would not be found any more.
fn renamed(model: &Aggregate<'_>, name: &LitStr, folder: &Folder) -> TokenStream {
    // `schema!()` reports a lock that is not as the index says.
    let locked = lock::aggregates(folder).unwrap_or_default();
    let Aggregate { ident, retired, .. } = model;
    let p = model.krate.private();
    let span = name.span();
    let checks = locked.iter().map(|(old, locked)| {
        let (names, watched, new) = (locked.names(), path(locked), name.value());
        let message = format!(
            "no aggregate is locked as {new:?}, and this one reads all that {old:?} reads: if it was \
             renamed, the streams of {old:?} are not found any more\n\
             either: keep the stored name, `#[aggregate({old:?}, …)]`; the type may have another\n\
             or:     if it is another aggregate, run `cargo esrs lock`"
        );
        let p = respanned(&p, span);
        let refuse = quote_spanned!(span=> #p::refuse(#message));
        quote! {
            const _: () = {
                const _: &[#p::u8] = #p::include_bytes!(#watched);
                if #p::reads_all(<#ident as #p::Aggregate>::EVENTS, &[#(#retired),*], &[#(#names),*]) {
                    #refuse
                }
            };
        }
    });
    checks.collect()
}

/// Tells the table of a projection, of which each program has one.
pub(crate) fn projection(p: &TokenStream, table: &LitStr) -> TokenStream {
    let table = table.value();
    match Folder::of_target().map(|folder| folder.mode()) {
        Some(Mode::Tell) => quote!(const _: () = #p::tell_projection(#table);),
        _ => TokenStream::new(),
    }
}

/// The module of the tests of an event.
pub(super) fn module(event: &Event<'_>) -> proc_macro2::Ident {
    // At the event's own span an editor that renames the event would rename the module as well.
    format_ident!("esrs_schema_of_{}", event.ident.unraw(), span = Span::call_site())
}

/// A test that fails while a version of the event is not locked.
fn unlocked(event: &Event<'_>, folder: &Folder, version: u32) -> TokenStream {
    let p = event.krate.private();
    let package = folder.package().display().to_string();
    let module = module(event);
    let message = format!(
        "version {version} of {:?} is not locked, so nothing stops it from changing once it is stored: \
         run `cargo esrs lock`",
        event.name.value()
    );
    quote! {
        #[cfg(test)]
        #[allow(non_snake_case, unnameable_test_items)]
        mod #module {
            #[#p::test]
            fn is_locked() {
                #p::is_locked(#message, #p::module_path!(), #package);
            }
        }
    }
}

/// Fails to compile when the crate has locks, and no `schema!()` that watches them and says what is
/// wrong with them.
fn mark(span: Span) -> TokenStream {
    let mark = proc_macro2::Ident::new(MARK, span);
    quote_spanned!(span=> #[allow(unused_qualifications)] const _: () = crate::#mark;)
}

pub(super) fn path(locked: &Locked) -> LitStr {
    LitStr::new(&locked.path.display().to_string(), Span::call_site())
}

/// `schema!()`: all locks of the target are there, and the compiler looks at them again when one is
/// another.
pub(crate) fn schema(p: &TokenStream, errors: &Errors) -> TokenStream {
    let mark = format_ident!("{MARK}");
    let (mut watched, mut test, mut unsound) = (Vec::new(), None, TokenStream::new());
    // One mistake is reported once.
    let folder = Folder::of_target().filter(|_| errors.is_empty());
    if let Some(folder) = folder.filter(|folder| folder.mode() == Mode::Check) {
        match lock::all(&folder) {
            Ok(paths) => (watched, test) = (paths, Some(samples::test_of_golden(&folder, p))),
            Err(found) => unsound = found.iter().map(|found| self::unsound(p, found)).collect(),
        }
    }
    let unknown = errors.is_empty().then(|| nowhere(p, Span::call_site()));
    let watched = watched.iter().map(|path| path.display().to_string());
    quote! {
        #[doc(hidden)]
        #[allow(dead_code, non_upper_case_globals)]
        pub(crate) const #mark: () = {
            #(const _: &[#p::u8] = #p::include_bytes!(#watched);)*
        };
        #unsound
        #unknown
        #test
    }
}

/// Fails to compile, at `schema!()`, with what is wrong with a lock.
///
/// Not by `compile_error!`, which an editor shows by itself: it keeps what a macro expanded to until that
/// file is edited, and sets no `CARGO_BIN_NAME`, so it would go on saying that locks are missing which
/// are there. A constant it leaves to `cargo check`.
fn unsound(p: &TokenStream, found: &Unsound) -> TokenStream {
    let message = found.to_string();
    quote!(const _: () = #p::unsound_lock(#message);)
}
