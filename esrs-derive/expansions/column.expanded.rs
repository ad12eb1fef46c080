// pub struct Cents(i64);

#[automatically_derived]
#[allow(deprecated)]
impl ::esrs::__private::Column for Cents {
    const TYPE: ::esrs::__private::ColumnType = <i64 as ::esrs::__private::Column>::TYPE;
    const NULLABLE: ::esrs::__private::bool = <i64 as ::esrs::__private::Column>::NULLABLE;
    const AMBIGUOUS: ::esrs::__private::bool = <i64 as ::esrs::__private::Column>::AMBIGUOUS;
    const TEXTS: ::esrs::__private::Option<::esrs::__private::Fingerprint> = <i64 as ::esrs::__private::Column>::TEXTS;
    fn to_value(
        &self,
    ) -> ::esrs::__private::Result<
        ::esrs::__private::Value,
        ::esrs::__private::ColumnError,
    > {
        <i64 as ::esrs::__private::Column>::to_value(&self.0)
    }
    fn from_value(
        value: ::esrs::__private::Value,
    ) -> ::esrs::__private::Result<Self, ::esrs::__private::ColumnError> {
        ::esrs::__private::Result::map(
            <i64 as ::esrs::__private::Column>::from_value(value),
            Self,
        )
    }
    fn settle(
        &mut self,
    ) -> ::esrs::__private::Result<
        ::esrs::__private::Option<::esrs::__private::Value>,
        ::esrs::__private::ColumnError,
    > {
        <i64 as ::esrs::__private::Column>::settle(&mut self.0)
    }
}
