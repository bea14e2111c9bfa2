//! Configurations that have names: files in `recipes/`, which say what they are for in their README.

use crate::{ClassifierError, TrainConfig};

/// A configuration by its name.
///
/// ```
/// use recurrent::Recipe;
///
/// let fast = Recipe::named("fast").unwrap_or_default();
/// assert_eq!(fast.config()?.epochs, 2);
/// # Ok::<(), recurrent::ClassifierError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recipe {
    /// What it is called.
    pub name: &'static str,
    /// What it is for, in half a sentence.
    pub about: &'static str,
    json: &'static str,
}

/// The file of a recipe.
macro_rules! recipe {
    ($name:literal, $about:literal) => {
        Recipe {
            name: $name,
            about: $about,
            json: include_str!(concat!("../recipes/", $name, ".json")),
        }
    };
}

impl Recipe {
    /// All recipes, the one that `recurrent train` takes by default first.
    pub const ALL: [Self; 7] = [
        recipe!(
            "standard",
            "a bidirectional GRU over 400 words of a text, the best epoch by a tenth of the texts"
        ),
        recipe!(
            "fast",
            "a GRU that reads forwards, over the first 200 words, in two epochs"
        ),
        recipe!(
            "best",
            "the best single network that is known to us, for some minutes"
        ),
        recipe!(
            "nb_linear",
            "no network: logistic regression over words, pairs and triples, in seconds"
        ),
        recipe!("notebook", "the first rung of the quality ladder"),
        recipe!("thousand", "the second rung of the quality ladder"),
        recipe!("plain", "the third rung of the quality ladder"),
    ];

    /// The recipe of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|recipe| recipe.name == name)
    }

    /// The configuration that it stands for.
    ///
    /// # Errors
    /// [`ClassifierError::Config`] if the file that was compiled in is none, which no test lets pass.
    pub fn config(self) -> Result<TrainConfig, ClassifierError> {
        let config = serde_json::from_str(self.json);
        config.map_err(|error| {
            ClassifierError::Config(format!("of the recipe {}: {error}", self.name))
        })
    }
}

impl Default for Recipe {
    fn default() -> Self {
        Self::ALL[0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NB_LINEAR;

    #[test]
    fn every_recipe_is_a_configuration_in_the_form_in_which_it_is_printed() {
        for recipe in Recipe::ALL {
            let config = recipe.config().unwrap();
            config.check().unwrap();
            let printed = serde_json::to_string_pretty(&config).unwrap() + "\n";
            assert!(printed == recipe.json, "{}: print it again", recipe.name);
        }
    }

    #[test]
    fn defaults_are_recipes() {
        let standard = Recipe::default().config().unwrap();
        assert_eq!(standard, TrainConfig::default());
        let linear = Recipe::named(NB_LINEAR).unwrap().config().unwrap();
        assert_eq!(linear, TrainConfig::nb_linear());
        assert_eq!(Recipe::named("none"), None);
    }
}
