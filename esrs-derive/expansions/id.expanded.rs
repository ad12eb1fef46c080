// pub struct AccountId(u64);

#[automatically_derived]
#[allow(deprecated)]
impl ::esrs::__private::Schema for AccountId {
    const SHAPE: &'static ::esrs::__private::Shape = <u64 as ::esrs::__private::Schema>::SHAPE;
    const FINGERPRINT: ::esrs::__private::Fingerprint = <u64 as ::esrs::__private::Schema>::FINGERPRINT;
    const DECLARED: &'static ::esrs::__private::str = <u64 as ::esrs::__private::Schema>::DECLARED;
}
#[automatically_derived]
#[allow(deprecated)]
impl ::esrs::__private::Display for AccountId {
    fn fmt(
        &self,
        formatter: &mut ::esrs::__private::Formatter<'_>,
    ) -> ::esrs::__private::FmtResult {
        <u64 as ::esrs::__private::Display>::fmt(&self.0, formatter)
    }
}
#[automatically_derived]
#[allow(deprecated)]
impl ::esrs::__private::FromStr for AccountId {
    type Err = <u64 as ::esrs::__private::FromStr>::Err;
    fn from_str(
        text: &::esrs::__private::str,
    ) -> ::esrs::__private::Result<Self, <u64 as ::esrs::__private::FromStr>::Err> {
        ::esrs::__private::Result::map(
            <u64 as ::esrs::__private::FromStr>::from_str(text),
            Self,
        )
    }
}
#[automatically_derived]
#[allow(deprecated)]
impl ::esrs::__private::From<u64> for AccountId {
    fn from(value: u64) -> Self {
        Self(value)
    }
}
#[automatically_derived]
#[allow(deprecated)]
impl ::esrs::__private::Column for AccountId {
    const TYPE: ::esrs::__private::ColumnType = <u64 as ::esrs::__private::Column>::TYPE;
    const NULLABLE: ::esrs::__private::bool = <u64 as ::esrs::__private::Column>::NULLABLE;
    const AMBIGUOUS: ::esrs::__private::bool = <u64 as ::esrs::__private::Column>::AMBIGUOUS;
    const TEXTS: ::esrs::__private::Option<::esrs::__private::Fingerprint> = <u64 as ::esrs::__private::Column>::TEXTS;
    fn to_value(
        &self,
    ) -> ::esrs::__private::Result<
        ::esrs::__private::Value,
        ::esrs::__private::ColumnError,
    > {
        <u64 as ::esrs::__private::Column>::to_value(&self.0)
    }
    fn from_value(
        value: ::esrs::__private::Value,
    ) -> ::esrs::__private::Result<Self, ::esrs::__private::ColumnError> {
        ::esrs::__private::Result::map(
            <u64 as ::esrs::__private::Column>::from_value(value),
            Self,
        )
    }
    fn settle(
        &mut self,
    ) -> ::esrs::__private::Result<
        ::esrs::__private::Option<::esrs::__private::Value>,
        ::esrs::__private::ColumnError,
    > {
        <u64 as ::esrs::__private::Column>::settle(&mut self.0)
    }
}
