/** What is known of the boards' font without loading it. */

/** The ascent of Atkinson Hyperlegible in em: where the first baseline stands under a text's origin. */
export const FONT_ASCENT_EM = 0.95;
