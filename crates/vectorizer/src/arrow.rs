//! Columns of Arrow arrays: texts in, lists out. Reading and writing files of them is not done here.

use std::sync::Arc;

use arrow_array::builder::BinaryBuilder;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, Float32Array, Int32Array, ListArray, StructArray};
use arrow_buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{DataType, Field, Fields};

use crate::{Output, OutputMode, TextVectorizer, TokenCounts, VectorizerError};

impl TokenCounts {
    /// As [`add`](Self::add), with the texts of an Arrow array: what [`array_texts`] takes. A null is no text and is not
    /// counted.
    ///
    /// # Errors
    /// [`VectorizerError::NotTexts`] if the array has elements of another kind.
    pub fn add_array(&mut self, texts: &dyn Array) -> Result<(), VectorizerError> {
        self.add(array_texts(texts)?.into_iter().flatten());
        Ok(())
    }
}

impl TextVectorizer {
    /// As [`transform_threads`](Self::transform_threads), from one Arrow array (strings or binary, with
    /// any offsets, or views of them) into another, whose type is [`array_type`](Self::array_type). A
    /// null stays null.
    ///
    /// ```
    /// use arrow_array::{Array, StringArray, cast::AsArray, types::Int32Type};
    /// use recurrent_vectorizer::{VectorizerError, VectorizerParams};
    ///
    /// # fn main() -> Result<(), VectorizerError> {
    /// let texts = StringArray::from(vec![Some("A film, a good film."), None, Some("Good!")]);
    /// let params = VectorizerParams::new().ragged(true).check()?;
    /// let vectorizer = params.fit(texts.iter().flatten())?;
    /// let ids = vectorizer.transform_array(&texts, 1)?;
    /// assert_eq!(ids.as_list::<i32>().value(2).as_primitive::<Int32Type>().values(), &[2]);
    /// assert!(ids.is_null(1));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`VectorizerError::NotTexts`] if the array has elements of another kind, and
    /// [`VectorizerError::NoArray`] if the result is more than one array can hold.
    pub fn transform_array(
        &self,
        texts: &dyn Array,
        threads: usize,
    ) -> Result<ArrayRef, VectorizerError> {
        let slices = array_texts(texts)?;
        let slices: Vec<&[u8]> = slices.into_iter().map(Option::unwrap_or_default).collect();
        let output = self.transform_threads(&slices, threads);
        output.into_array(texts.nulls().cloned())
    }

    /// The type of the arrays that come out: a list of `Int32` for ids, of `Float32` for columns, of
    /// `Binary` for tokens, which need not be UTF-8. Where `sparse` is set, a struct of two lists:
    /// `indices` of `Int32` and `values` of `Float32`.
    #[must_use]
    pub fn array_type(&self) -> DataType {
        match self.params().output_mode() {
            OutputMode::Int => DataType::List(item(DataType::Int32)),
            OutputMode::Tokens => DataType::List(item(DataType::Binary)),
            _ if self.params().sparse() => DataType::Struct(sparse_fields()),
            _ => DataType::List(item(DataType::Float32)),
        }
    }
}

impl Output {
    /// The output as an Arrow array, a row an element: see [`TextVectorizer::array_type`]. Where `nulls`
    /// says so, the element is null and its row is not seen.
    ///
    /// # Errors
    /// [`VectorizerError::NoArray`] if the output has more than `i32::MAX` elements or bytes of tokens,
    /// or `nulls` are not as many as its rows.
    pub fn into_array(self, nulls: Option<NullBuffer>) -> Result<ArrayRef, VectorizerError> {
        let rows = self.rows();
        if let Some(nulls) = nulls.as_ref().filter(|nulls| nulls.len() != rows) {
            return Err(no_array(format!("{rows} rows, {} nulls", nulls.len())));
        }
        Ok(match self {
            Self::Ids(matrix) => {
                let offsets = even(rows, matrix.width())?;
                let ids: ArrayRef = Arc::new(Int32Array::from(matrix.into_ids()));
                Arc::new(list(offsets, ids, nulls)?)
            }
            Self::RaggedIds(rows) => {
                let offsets = offsets(rows.ends().iter().copied())?;
                let ids: ArrayRef = Arc::new(Int32Array::from(rows.ids().to_vec()));
                Arc::new(list(offsets, ids, nulls)?)
            }
            Self::Dense(matrix) => {
                let offsets = even(rows, matrix.columns())?;
                let values: ArrayRef = Arc::new(Float32Array::from(matrix.into_values()));
                Arc::new(list(offsets, values, nulls)?)
            }
            Self::Sparse(matrix) => {
                let offsets = offsets(matrix.offsets().iter().skip(1).copied())?;
                // A vocabulary has at most `i32::MAX` tokens, so every column is one of them.
                let indices = matrix.indices().iter().map(|&column| column as i32);
                let indices: ArrayRef = Arc::new(Int32Array::from_iter_values(indices));
                let values: ArrayRef = Arc::new(Float32Array::from(matrix.values().to_vec()));
                let lists: Vec<ArrayRef> = vec![
                    Arc::new(list(offsets.clone(), indices, nulls.clone())?),
                    Arc::new(list(offsets, values, nulls.clone())?),
                ];
                let fields = sparse_fields();
                let array = StructArray::try_new_with_length(fields, lists, nulls, rows);
                Arc::new(array.map_err(|error| no_array(error.to_string()))?)
            }
            Self::Tokens(rows) => {
                let mut ends = Vec::with_capacity(rows.rows());
                let (mut tokens, mut bytes) = (0_usize, 0_usize);
                for row in rows.iter() {
                    tokens += row.len();
                    bytes += row.map(<[u8]>::len).sum::<usize>();
                    ends.push(tokens);
                }
                offset(bytes)?;
                let offsets = offsets(ends.into_iter())?;
                let mut elements = BinaryBuilder::with_capacity(tokens, bytes);
                rows.iter().flatten().for_each(|t| elements.append_value(t));
                let elements: ArrayRef = Arc::new(elements.finish());
                Arc::new(list(offsets, elements, nulls)?)
            }
        })
    }
}

/// The texts of an Arrow array, `None` for null: strings or binary, with any offsets, or views of them; or nothing but
/// nulls, of the type null.
///
/// # Errors
/// [`VectorizerError::NotTexts`] if the array has elements of another kind.
pub fn array_texts(texts: &dyn Array) -> Result<Vec<Option<&[u8]>>, VectorizerError> {
    fn strings<'a>(texts: impl Iterator<Item = Option<&'a str>>) -> Vec<Option<&'a [u8]>> {
        texts.map(|text| text.map(str::as_bytes)).collect()
    }
    Ok(match texts.data_type() {
        DataType::Utf8 => strings(texts.as_string::<i32>().iter()),
        DataType::LargeUtf8 => strings(texts.as_string::<i64>().iter()),
        DataType::Utf8View => strings(texts.as_string_view().iter()),
        DataType::Binary => texts.as_binary::<i32>().iter().collect(),
        DataType::LargeBinary => texts.as_binary::<i64>().iter().collect(),
        DataType::BinaryView => texts.as_binary_view().iter().collect(),
        DataType::Null => vec![None; texts.len()],
        other => {
            return Err(VectorizerError::NotTexts {
                received: other.to_string(),
            });
        }
    })
}

/// The elements of a list; none is null.
fn item(kind: DataType) -> Arc<Field> {
    Arc::new(Field::new_list_field(kind, false))
}

fn sparse_fields() -> Fields {
    let list = |name: &str, kind| Field::new(name, DataType::List(item(kind)), true);
    Fields::from(vec![
        list("indices", DataType::Int32),
        list("values", DataType::Float32),
    ])
}

fn list(
    offsets: OffsetBuffer<i32>,
    elements: ArrayRef,
    nulls: Option<NullBuffer>,
) -> Result<ListArray, VectorizerError> {
    let field = item(elements.data_type().clone());
    let list = ListArray::try_new(field, offsets, elements, nulls);
    list.map_err(|error| no_array(error.to_string()))
}

/// Where rows begin and the last one ends, from where each ends.
fn offsets(ends: impl Iterator<Item = usize>) -> Result<OffsetBuffer<i32>, VectorizerError> {
    let offsets: Result<Vec<i32>, _> = std::iter::once(0).chain(ends).map(offset).collect();
    Ok(OffsetBuffer::new(ScalarBuffer::from(offsets?)))
}

/// The same for rows of one width.
fn even(rows: usize, width: usize) -> Result<OffsetBuffer<i32>, VectorizerError> {
    offsets((1..=rows).map(|row| row.saturating_mul(width)))
}

fn offset(end: usize) -> Result<i32, VectorizerError> {
    i32::try_from(end).map_err(|_| {
        no_array(format!(
            "{end} elements, at most {} fit; give fewer texts at once",
            i32::MAX
        ))
    })
}

fn no_array(reason: String) -> VectorizerError {
    VectorizerError::NoArray { reason }
}
