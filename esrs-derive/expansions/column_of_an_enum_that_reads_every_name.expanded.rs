// enum Class {
//     Economy,
//     #[serde(other)]
//     Unknown,
// }

#[automatically_derived]
#[allow(deprecated)]
impl ::esrs::__private::Column for Class {
    const TYPE: ::esrs::__private::ColumnType = ::esrs::__private::ColumnType::Text;
    const TEXTS: ::esrs::__private::Option<::esrs::__private::Fingerprint> = ::esrs::__private::shape_of_names(
        &["Economy", "Unknown"],
    );
    fn to_value(
        &self,
    ) -> ::esrs::__private::Result<
        ::esrs::__private::Value,
        ::esrs::__private::ColumnError,
    > {
        ::esrs::__private::Ok(
            ::esrs::__private::From::from(
                match *self {
                    Self::Economy => "Economy",
                    Self::Unknown => "Unknown",
                },
            ),
        )
    }
    fn from_value(
        value: ::esrs::__private::Value,
    ) -> ::esrs::__private::Result<Self, ::esrs::__private::ColumnError> {
        match ::esrs::__private::name_in::<Self>(&value)? {
            "Economy" => ::esrs::__private::Ok(Self::Economy),
            _ => ::esrs::__private::Ok(Self::Unknown),
        }
    }
    fn settle(
        &mut self,
    ) -> ::esrs::__private::Result<
        ::esrs::__private::Option<::esrs::__private::Value>,
        ::esrs::__private::ColumnError,
    > {
        ::esrs::__private::Ok(::esrs::__private::Option::None)
    }
}
