//! `#[derive(Aggregate)]`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, LitStr, Path, Type, parse_quote};

use super::{lock, requires};
use crate::attr::aggregate::{self as attr, Role};
use crate::errors::Errors;
use crate::fold;
use crate::model::aggregate::{Aggregate, Event};
use crate::model::schema::type_span;

pub(crate) fn derive(input: &DeriveInput, errors: &Errors) -> Option<TokenStream> {
    let attr = attr::parse(input, errors);
    let model = Aggregate::checked(input, &attr, errors);
    let (name, id) = (model.name?, id_type(&model, model.id?));
    let code = fold::of_aggregate(&model);
    let bodies = Bodies::new(&model, code.hash);
    let unseen = unseen(&model, &code);
    let (aggregate, names) = (aggregate(&model, name, &id, &bodies), distinct_names(&model));
    let (emits, keys, parts) = (emits(&model), requires::keys(&model), listed_parts(&model));
    let lock = lock::aggregate(&model, name);
    let expanded = expanded(&model, &quote!(#emits #aggregate #keys #names #parts #lock #unseen));
    // A test within a constant is none.
    let test = lock::test_of_events(&model);
    Some(quote!(#expanded #test))
}

/// The id's type, asked for by a trait with words of our own; wholly at its place, so that the compiler
/// says it once.
fn id_type(model: &Aggregate<'_>, id: &Type) -> TokenStream {
    let span = type_span(id);
    let private = respanned(&model.krate.private(), span);
    quote_spanned!(span=> type Id = <#id as #private::AggregateId>::Id;)
}

/// Expands what can be said in spite of an error: the enum, its conversions and an impl that asks nothing of
/// the events, so that no error is told but the one that was made.
pub(crate) fn fallback(input: &DeriveInput) -> TokenStream {
    let errors = Errors::new();
    let attr = attr::parse(input, &errors);
    // They were reported by the derive itself.
    drop(errors.finish());
    let model = Aggregate::new(input, &attr).without_clashes();
    let private = model.krate.private();
    let emits = emits_all(input, &private);
    if !input.generics.params.is_empty() || matches!(input.data, Data::Union(_)) {
        return emits;
    }
    let unnamed = LitStr::new("", Span::call_site());
    let id = model.id.map_or_else(|| quote!(type Id = #private::String;), |id| id_type(&model, id));
    let bodies = Bodies::none(&model);
    let aggregate = aggregate(&model, model.name.unwrap_or(&unnamed), &id, &bodies);
    expanded(&model, &quote!(#emits #aggregate))
}

/// Accepts every event: which ones it has is not known, so no `Apply` is one too many.
fn emits_all(input: &DeriveInput, private: &TokenStream) -> TokenStream {
    let ident = &input.ident;
    let mut generics = input.generics.clone();
    generics.params.push(parse_quote!(__E));
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    let (_, ty_generics, _) = input.generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #impl_generics #private::Emits<__E> for #ident #ty_generics #where_clause {}
    }
}

/// Fails to compile where code that folds is not found, unless a version is declared.
fn unseen(model: &Aggregate<'_>, code: &fold::Code) -> TokenStream {
    if model.fold_version.is_some() {
        return TokenStream::new();
    }
    let unseen = code.missing.iter().map(|(of_trait, place)| {
        let way_out = "declare `fold_version = 1`";
        unseen_impl(
            &model.krate.private(),
            model.ident,
            of_trait,
            model.events[*place].path,
            way_out,
        )
    });
    unseen.collect()
}

/// Fails to compile, at an event, because an impl of a trait is not found. It is no second mistake where
/// the impl is not there at all: that is reported by the same words as where it is used, and so once.
pub(super) fn unseen_impl(
    private: &TokenStream,
    ident: &Ident,
    of_trait: &str,
    path: &Path,
    way_out: &str,
) -> TokenStream {
    let span = path.span();
    let (event, written) = (text(path), ident.unraw());
    let message = format!(
        "no source file of this target has `impl {of_trait}<{event}> for {written}`, so a change of that \
         code would go unnoticed\n\
         help: write the impl there, with these names\n\
         help: or {way_out}, and raise it with each change of that code"
    );
    let private = respanned(private, span);
    let mut target = ident.clone();
    target.set_span(span);
    let (of_trait, method) =
        (Ident::new(of_trait, span), Ident::new(&of_trait.to_lowercase(), span));
    quote_spanned! {span=>
        const _: () = {
            let _ = <#target as #private::#of_trait<#path>>::#method;
            #private::refuse(#message)
        };
    }
}

/// The enum stands where the aggregate stands; no lint looks into the impls.
fn expanded(model: &Aggregate<'_>, impls: &TokenStream) -> TokenStream {
    let (event_enum, conversions) = (event_enum(model), conversions(model));
    quote! {
        #event_enum
        #[allow(deprecated, clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction)]
        const _: () = {
            #conversions
            #impls
        };
    }
}

/// The enum of the events.
fn event_enum(model: &Aggregate<'_>) -> TokenStream {
    let Aggregate { ident, visibility, event_enum, event_derives, .. } = model;
    let enum_doc = format!(" The events of [`{ident}`].");
    let derives = (!event_derives.is_empty()).then(|| quote!(#[derive(#(#event_derives),*)]));
    let variants = model.emitted().map(|Event { path, variant, .. }| {
        let doc = format!(" The event `{}`.", text(path));
        quote!(#[doc = #doc] #variant(#path),)
    });
    quote! {
        #[doc = #enum_doc]
        #derives
        #[allow(deprecated, non_camel_case_types)]
        #[allow(missing_debug_implementations, missing_copy_implementations)]
        #[allow(clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction)]
        #visibility enum #event_enum {
            #(#variants)*
        }
    }
}

/// Expands the conversions into the enum.
fn conversions(model: &Aggregate<'_>) -> TokenStream {
    let Aggregate { ident, event_enum, .. } = model;
    let private = model.krate.private();
    let conversions = model.emitted().map(|Event { path, variant, .. }| {
        quote! {
            #[automatically_derived]
            impl #private::From<#path> for #event_enum {
                #[inline]
                fn from(event: #path) -> Self {
                    Self::#variant(event)
                }
            }
        }
    });
    quote! {
        #(#conversions)*
        #[automatically_derived]
        impl #private::Emit for #event_enum {}
        #[automatically_derived]
        impl #private::IntoEvents<#ident> for #event_enum {
            fn push_into(self, events: &mut impl #private::Extend<Self>) {
                #private::Extend::extend(events, #private::Option::Some(self));
            }
        }
    }
}

/// Expands the list of its events.
fn emits(model: &Aggregate<'_>) -> TokenStream {
    let (ident, private) = (model.ident, model.krate.private());
    let emits = model.emitted().map(|Event { path, .. }| {
        quote! {
            #[automatically_derived]
            impl #private::Emits<#path> for #ident {}
        }
    });
    emits.collect()
}

fn aggregate(
    model: &Aggregate<'_>,
    name: &LitStr,
    id: &TokenStream,
    bodies: &Bodies,
) -> TokenStream {
    let Aggregate { ident, event_enum, retired, fold_version, .. } = model;
    let fold_version = fold_version.unwrap_or(1);
    let private = model.krate.private();
    let ignored = model.count(Role::Ignored);
    let split = match model.count(Role::Split) {
        0 => TokenStream::new(),
        split => quote!(const SPLIT: #private::usize = #split;),
    };
    let Bodies {
        initial,
        events,
        histories,
        code,
        requires,
        apply,
        replay,
        decode,
        parts,
        encode,
        ..
    } = bodies;
    let storable = &bodies.storable;
    quote! {
        #storable
        #[automatically_derived]
        impl #private::Aggregate for #ident {
            const USE_THE_DERIVE: #private::ByDerive = #private::ByDerive::GENERATED;
            const NAME: &'static #private::str = #name;
            const EVENTS: &'static [#private::EventType] = &[#events];
            const IGNORED: #private::usize = #ignored;
            #split
            const RETIRED: &'static [&'static #private::str] = &[#(#retired),*];
            const FOLD: #private::Fingerprint = #private::fold::<Self>(#fold_version, #code, &[#histories]);
            #id
            type Requires = #requires;
            type Event = #event_enum;

            fn initial() -> Self {
                #initial
            }

            fn apply_event(&mut self, event: #event_enum) {
                #apply
            }

            fn replay(
                &mut self,
                decoder: #private::usize,
                stored: #private::StoredAs,
                payload: &#private::str,
            ) -> #private::Result<(), #private::PayloadError> {
                #replay
            }

            fn decode(
                decoder: #private::usize,
                stored: #private::StoredAs,
                payload: &#private::str,
            ) -> #private::Result<#event_enum, #private::PayloadError> {
                #decode
            }

            #parts

            fn encode_into(
                event: &#event_enum,
                encoder: &mut #private::Encoder,
            ) -> (#private::usize, #private::Result<(), #private::JsonError>) {
                #encode
            }
        }
    }
}

/// The parts that depend on the events, one by one.
struct Bodies {
    /// Fails to compile when JSON cannot hold an event.
    storable: TokenStream,
    initial: TokenStream,
    events: TokenStream,
    /// Where the events tell what they went through.
    histories: TokenStream,
    /// The hash of the code that folds.
    code: u64,
    requires: TokenStream,
    apply: TokenStream,
    replay: TokenStream,
    decode: TokenStream,
    /// The function that gives the parts of an event; nothing when none is split.
    parts: TokenStream,
    encode: TokenStream,
}

impl Bodies {
    fn none(model: &Aggregate<'_>) -> Self {
        let private = model.krate.private();
        let none = quote!(#private::not_generated());
        Self {
            storable: TokenStream::new(),
            initial: none.clone(),
            events: TokenStream::new(),
            histories: TokenStream::new(),
            code: 0,
            requires: quote!(()),
            apply: none.clone(),
            replay: none.clone(),
            decode: none.clone(),
            parts: TokenStream::new(),
            encode: none,
        }
    }

    fn new(model: &Aggregate<'_>, code: u64) -> Self {
        let Aggregate { event_enum, .. } = model;
        let private = model.krate.private();
        let (mut events, mut histories) = (TokenStream::new(), TokenStream::new());
        let mut storable = TokenStream::new();
        let (mut apply, mut replay) = (TokenStream::new(), TokenStream::new());
        let (mut decode, mut encode) = (TokenStream::new(), TokenStream::new());
        for (number, Event { path, variant, role }) in model.events.iter().enumerate() {
            // A bound that does not hold is reported on the event that is listed.
            let span = path.span();
            let private = respanned(&private, span);
            let event = quote_spanned!(span=> <#path as #private::KnownEvent>);
            events.extend(quote_spanned!(span=> #event::TYPE,));
            histories.extend(quote_spanned!(span=> #event::HISTORY,));
            if *role == Role::Split {
                continue;
            }
            storable.extend(quote_spanned! {span=>
                const _: () = #private::is_storable(&#event::TYPE);
            });
            if *role == Role::Folded {
                let fold = quote_spanned!(span=> <Self as #private::Apply<#path>>::apply);
                apply.extend(quote!(#event_enum::#variant(event) => #fold(self, event),));
                replay.extend(quote! {
                    #number => #fold(self, #event::decode_stored(stored, payload)?),
                });
            }
            decode.extend(quote! {
                #number => #event_enum::#variant(#event::decode_stored(stored, payload)?),
            });
            encode.extend(quote! {
                #event_enum::#variant(event) => (#number, #event::encode_payload(event, encoder)),
            });
        }
        let (folded, split) = (model.count(Role::Folded), model.count(Role::Split));
        if split > 0 {
            let last = folded + split - 1;
            replay.extend(quote! {
                #folded..=#last => <Self as #private::Aggregate>::decode_parts(
                    decoder,
                    stored,
                    payload,
                    &mut #private::Applied(self),
                )?,
            });
        }
        let ignored = model.events[folded + split..].iter();
        let ignored: Vec<_> = ignored.map(|event| &event.variant).collect();
        if !ignored.is_empty() {
            let (first, last) = (folded + split, model.events.len() - 1);
            apply.extend(quote!(#(#event_enum::#ignored(_))|* => {}));
            replay.extend(quote!(#first..=#last => {}));
        }
        let no_such = quote! {
            decoder => return #private::Err(#private::PayloadError::NoSuchDecoder(decoder)),
        };
        let span = model.ident.span();
        let private = respanned(&private, span);
        Self {
            storable,
            initial: quote_spanned!(span=> <Self as #private::InitialState>::initial_state()),
            events,
            histories,
            code,
            requires: requires::list(model),
            apply: quote!(match event { #apply }),
            replay: quote!(match decoder { #replay #no_such } #private::Ok(())),
            decode: quote!(#private::Ok(match decoder { #decode #no_such })),
            parts: parts(model),
            encode: quote!(match event { #encode }),
        }
    }
}

/// The function that gives the parts of an event that is split; nothing when there is none.
fn parts(model: &Aggregate<'_>) -> TokenStream {
    if model.count(Role::Split) == 0 {
        return TokenStream::new();
    }
    let (ident, event_enum, private) = (model.ident, &model.event_enum, model.krate.private());
    let split = model.events.iter().enumerate().filter(|(_, event)| event.role == Role::Split);
    let arms = split.map(|(number, Event { path, .. })| {
        // A bound that does not hold is reported on the event that is listed.
        let span = path.span();
        let private = respanned(&private, span);
        let decode = quote_spanned!(span=> <#path as #private::KnownEvent>::decode_stored);
        let split = quote_spanned!(span=> <#path as #private::Split>);
        let listed = quote_spanned! {span=>
            { #private::parts_are_listed::<#ident>(<#split::Into as #private::Emit>::PARTS) }
        };
        let push = quote_spanned! {span=>
            <#split::Into as #private::PartsOf<Self, #listed>>::push_parts
        };
        // The arguments keep their own span, which says what they are.
        let arguments = quote!(stored, payload);
        let event = quote_spanned!(span=> #split::split(#decode(#arguments)?));
        let arguments = quote!(parts);
        let push = quote_spanned!(span=> #push(#event, #arguments));
        quote!(#number => #push,)
    });
    quote! {
        fn decode_parts<__P: #private::Extend<#event_enum>>(
            decoder: #private::usize,
            stored: #private::StoredAs,
            payload: &#private::str,
            parts: &mut __P,
        ) -> #private::Result<(), #private::PayloadError> {
            match decoder {
                #(#arms)*
                decoder => return #private::Err(#private::PayloadError::NoSuchDecoder(decoder)),
            }
            #private::Ok(())
        }
    }
}

/// A path as it is written.
pub(super) fn text(path: &Path) -> String {
    path.to_token_stream().to_string().replace(' ', "")
}

/// The path with another span: an error is shown where the first of its tokens stands.
pub(super) fn respanned(path: &TokenStream, span: Span) -> TokenStream {
    path.clone()
        .into_iter()
        .map(|mut token| {
            token.set_span(span);
            token
        })
        .collect()
}

/// Two events under one stored name are an error on the second of them.
fn distinct_names(model: &Aggregate<'_>) -> TokenStream {
    let ident = model.ident;
    let private = model.krate.private();
    let paths = model.events.iter().map(|event| event.path.to_token_stream());
    let written: Vec<_> = paths.map(|path| path.to_string().replace(' ', "")).collect();
    let aggregate = quote!(<#ident as #private::Aggregate>);
    let arms = model.events.iter().enumerate().map(|(number, Event { path, .. })| {
        let span = path.span();
        let private = respanned(&private, span);
        let arguments = quote!(#aggregate::EVENTS, #aggregate::RETIRED, #number, WRITTEN);
        let clash = quote_spanned!(span=> #private::name_clash(#arguments));
        quote!(#number => #clash,)
    });
    quote! {
        const _: () = {
            const WRITTEN: &[&#private::str] = &[#(#written),*];
            match #private::first_clash(#aggregate::EVENTS, #aggregate::RETIRED) {
                #(#arms)*
                _ => (),
            }
        };
    }
}

/// A part of an event that is split, and is not listed, is an error on that event.
fn listed_parts(model: &Aggregate<'_>) -> TokenStream {
    let ident = model.ident;
    let aggregate = ident.unraw().to_string();
    let split = model.events.iter().filter(|event| event.role == Role::Split);
    let checks = split.map(|Event { path, .. }| {
        let (span, written) = (path.span(), text(path));
        let private = respanned(&model.krate.private(), span);
        let parts = quote_spanned!(span=> <#path as #private::Split>::Into);
        let parts = quote_spanned!(span=> <#parts as #private::Emit>::PARTS);
        quote_spanned! {span=>
            const _: () = #private::all_parts_are_listed::<#ident>(#parts, #written, #aggregate);
        }
    });
    checks.collect()
}
