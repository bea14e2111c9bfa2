//! A recurrent layer's forward and backward pass, put together from products, scans and sums; and a dense layer's
//! products.

mod backward;
mod convert;
mod dense;
mod forward;

pub(crate) use backward::run_back;
pub use dense::column_sums;
pub(crate) use dense::run_product;
pub(crate) use forward::run_layer;
