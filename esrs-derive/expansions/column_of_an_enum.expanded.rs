// #[serde(rename_all = "snake_case")]
// #[column(crate = ::renamed)]
// pub enum Status {
//     Pending,
//     #[serde(alias = "given")]
//     Granted,
//     #[serde(rename = "sent back")]
//     Returned,
// }

#[automatically_derived]
#[allow(deprecated)]
impl ::renamed::__private::Column for Status {
    const TYPE: ::renamed::__private::ColumnType = ::renamed::__private::ColumnType::Text;
    const TEXTS: ::renamed::__private::Option<::renamed::__private::Fingerprint> = ::renamed::__private::shape_of_names(
        &["pending", "granted", "sent back"],
    );
    fn to_value(
        &self,
    ) -> ::renamed::__private::Result<
        ::renamed::__private::Value,
        ::renamed::__private::ColumnError,
    > {
        ::renamed::__private::Ok(
            ::renamed::__private::From::from(
                match *self {
                    Self::Pending => "pending",
                    Self::Granted => "granted",
                    Self::Returned => "sent back",
                },
            ),
        )
    }
    fn from_value(
        value: ::renamed::__private::Value,
    ) -> ::renamed::__private::Result<Self, ::renamed::__private::ColumnError> {
        match ::renamed::__private::name_in::<Self>(&value)? {
            "pending" => ::renamed::__private::Ok(Self::Pending),
            "granted" | "given" => ::renamed::__private::Ok(Self::Granted),
            "sent back" => ::renamed::__private::Ok(Self::Returned),
            _ => {
                ::renamed::__private::Err(
                    ::renamed::__private::unknown_name::<
                        Self,
                    >(&value, &["pending", "granted", "sent back"]),
                )
            }
        }
    }
    fn settle(
        &mut self,
    ) -> ::renamed::__private::Result<
        ::renamed::__private::Option<::renamed::__private::Value>,
        ::renamed::__private::ColumnError,
    > {
        ::renamed::__private::Ok(::renamed::__private::Option::None)
    }
}
