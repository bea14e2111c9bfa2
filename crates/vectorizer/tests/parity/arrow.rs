//! Columns of Arrow arrays: the same as slices of texts, and nulls.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Int32Type};
use arrow_array::{
    Array, ArrayRef, BinaryArray, BinaryViewArray, Int32Array, LargeBinaryArray, LargeStringArray,
    StringArray, StringViewArray,
};
use arrow_buffer::NullBuffer;
use recurrent_vectorizer::{
    Output, OutputMode, TextVectorizer, TokenCounts, VectorizerError, VectorizerParams,
};

use crate::defaults;

const TEXTS: [Option<&str>; 5] = [
    Some("A good film, a film."),
    None,
    Some(""),
    Some("Bad."),
    Some("Not a film at all!"),
];

/// The texts, of which one is null, in every kind of array.
fn arrays() -> Vec<ArrayRef> {
    let bytes = || TEXTS.map(|text| text.map(str::as_bytes)).to_vec();
    vec![
        Arc::new(StringArray::from(TEXTS.to_vec())),
        Arc::new(LargeStringArray::from(TEXTS.to_vec())),
        Arc::new(StringViewArray::from(TEXTS.to_vec())),
        Arc::new(BinaryArray::from(bytes())),
        Arc::new(LargeBinaryArray::from(bytes())),
        Arc::new(BinaryViewArray::from(bytes())),
    ]
}

fn fitted(params: VectorizerParams) -> TextVectorizer {
    params.check().unwrap().fit(TEXTS.iter().flatten()).unwrap()
}

fn outputs() -> Vec<VectorizerParams> {
    let new = VectorizerParams::new;
    let columns = [OutputMode::MultiHot, OutputMode::Count, OutputMode::TfIdf];
    let mut all = vec![
        new(),
        new().output_sequence_length(3),
        new().output_sequence_length(0),
        new().ragged(true),
        new().output_mode(OutputMode::Tokens),
    ];
    for mode in columns {
        all.push(new().output_mode(mode));
        all.push(
            new()
                .output_mode(mode)
                .max_tokens(30)
                .pad_to_max_tokens(true),
        );
        all.push(new().output_mode(mode).sparse(true));
    }
    all
}

#[test]
fn counting_an_array_is_counting_its_texts() {
    let expected = defaults().fit(TEXTS.iter().flatten()).unwrap();
    for array in arrays() {
        let mut counts = TokenCounts::new(&defaults());
        counts.add_array(&array).unwrap();
        assert_eq!(counts.texts(), 4);
        assert_eq!(counts.finish(&defaults()).unwrap(), expected);
    }
}

/// One row of an array as the numbers or tokens of it.
fn row(array: &ArrayRef, row: usize) -> (Vec<i32>, Vec<f32>, Vec<Vec<u8>>) {
    let ints = |list: ArrayRef| list.as_primitive::<Int32Type>().values().to_vec();
    let floats = |list: ArrayRef| list.as_primitive::<Float32Type>().values().to_vec();
    if let Some(pair) = array.as_struct_opt() {
        let [indices, values] =
            [0, 1].map(|column| pair.column(column).as_list::<i32>().value(row));
        return (ints(indices), floats(values), vec![]);
    }
    let list = array.as_list::<i32>().value(row);
    if let Some(tokens) = list.as_binary_opt::<i32>() {
        let tokens = tokens.iter().map(|token| token.unwrap().to_vec());
        return (vec![], vec![], tokens.collect());
    }
    if list.as_primitive_opt::<Int32Type>().is_some() {
        return (ints(list), vec![], vec![]);
    }
    (vec![], floats(list), vec![])
}

#[test]
fn arrays_hold_what_transform_gives_and_null_stays_null() {
    let slices: Vec<&str> = TEXTS.iter().map(|text| text.unwrap_or("")).collect();
    for params in outputs() {
        let vectorizer = fitted(params);
        let expected = vectorizer.transform(&slices);
        for (array, threads) in arrays().iter().zip([1, 2, 3, 4, 5, 6]) {
            let result = vectorizer.transform_array(array, threads).unwrap();
            assert_eq!(result.data_type(), &vectorizer.array_type());
            assert_eq!((result.len(), result.null_count()), (5, 1));
            assert!(result.is_null(1));
            for index in [0, 2, 3, 4] {
                let ours = row(&result, index);
                let none = (vec![], vec![], vec![]);
                let theirs = match &expected {
                    Output::Ids(matrix) => (matrix.row(index).unwrap().to_vec(), none.1, none.2),
                    Output::RaggedIds(rows) => (rows.row(index).unwrap().to_vec(), none.1, none.2),
                    Output::Dense(matrix) => (none.0, matrix.row(index).unwrap().to_vec(), none.2),
                    Output::Sparse(matrix) => {
                        let (indices, values) = matrix.row(index).unwrap();
                        let indices = indices.iter().map(|&column| column as i32);
                        (indices.collect(), values.to_vec(), none.2)
                    }
                    Output::Tokens(rows) => {
                        let tokens = rows.row(index).unwrap().map(<[u8]>::to_vec);
                        (none.0, none.1, tokens.collect())
                    }
                    other => panic!("a new kind of output: {other:?}"),
                };
                assert_eq!(ours, theirs);
            }
        }
    }
}

#[test]
fn no_rows_have_the_type_of_some() {
    for params in outputs() {
        let vectorizer = fitted(params);
        let none = vectorizer.transform_array(&StringArray::from(Vec::<&str>::new()), 2);
        let none = none.unwrap();
        assert_eq!(
            (none.len(), none.data_type()),
            (0, &vectorizer.array_type())
        );
    }
}

#[test]
fn a_slice_of_an_array_is_its_own() {
    let vectorizer = fitted(VectorizerParams::new().output_sequence_length(2));
    let whole = vectorizer.transform_array(&arrays()[0], 1).unwrap();
    let part = vectorizer
        .transform_array(&arrays()[0].slice(1, 3), 1)
        .unwrap();
    assert_eq!(&whole.slice(1, 3), &part);
}

#[test]
fn what_is_no_column_of_texts_is_refused() {
    let numbers = Int32Array::from(vec![1, 2]);
    let expected = VectorizerError::NotTexts {
        received: "Int32".to_owned(),
    };
    let mut counts = TokenCounts::new(&defaults());
    assert_eq!(counts.add_array(&numbers), Err(expected.clone()));
    let vectorizer = fitted(VectorizerParams::new());
    let result = vectorizer.transform_array(&numbers, 1);
    assert_eq!(result.unwrap_err(), expected);
    let result = vectorizer
        .transform(&["a"])
        .into_array(Some(NullBuffer::new_valid(2)));
    let error = result.unwrap_err();
    assert!(matches!(error, VectorizerError::NoArray { .. }), "{error}");
}
