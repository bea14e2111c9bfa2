//! Products of sizes that do not wrap.
//!
//! What a caller names (rows, steps, inputs, units) is multiplied through a [`Limit`] before anything is
//! allocated; what is behind pointers is compared through [`holds`]. No unchecked product decides about memory.

use crate::error::KernelError;

/// How many bytes one buffer may have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit(usize);

impl Limit {
    /// What an allocation may have on this machine.
    pub(crate) const ALLOCATION: Self = Self(isize::MAX as usize);

    /// What an allocation may have where a size has 32 bits.
    #[cfg(test)]
    pub(crate) const ALLOCATION_32: Self = Self(i32::MAX as usize);

    /// How many elements of `bytes` bytes an operand or a buffer of these sizes has.
    ///
    /// # Errors
    /// [`KernelError::Memory`] where they have more bytes than the limit.
    pub(crate) fn elements(
        self,
        what: &'static str,
        shape: &'static str,
        sizes: &[usize],
        bytes: usize,
    ) -> Result<usize, KernelError> {
        product(sizes)
            .filter(|count| {
                let bytes = count.checked_mul(bytes);
                bytes.is_some_and(|bytes| bytes <= self.0)
            })
            .ok_or(KernelError::Memory {
                what,
                shape,
                limit: self.0,
            })
    }
}

/// The product, unless it is more than a number of this machine holds.
pub(crate) fn product(sizes: &[usize]) -> Option<usize> {
    let mut product = 1usize;
    for size in sizes {
        product = product.checked_mul(*size)?;
    }
    Some(product)
}

/// Whether `len` elements are at least the product of `sizes`: what the kernels assert once for each task.
pub(crate) fn holds(len: usize, sizes: &[usize]) -> bool {
    product(sizes).is_some_and(|needed| needed <= len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_that_does_not_fit_is_refused_and_never_wraps() {
        let count = |sizes: &[usize]| Limit::ALLOCATION.elements("it", "[A, B]", sizes, 8);
        assert_eq!(count(&[3, 5]), Ok(15));
        assert_eq!(count(&[usize::MAX, 0]), Ok(0));
        let half = 1 << (usize::BITS / 2);
        // Wraps to zero.
        assert!(count(&[half, half]).is_err());
        // As many elements as fit a number, but not as many bytes.
        assert!(count(&[isize::MAX as usize / 8 + 1]).is_err());
        assert!(count(&[isize::MAX as usize / 8]).is_ok());
        assert!(!holds(100, &[half, half]));
        assert!(holds(15, &[3, 5]) && !holds(14, &[3, 5]));
    }
}
