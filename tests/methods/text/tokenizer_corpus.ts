/** Captions from which the tests learn their tokenizer; the reference ids belong to exactly these. */

export const CORPUS = [
  "grinning face",
  "grinning face with big eyes",
  "face with tears of joy",
  "smiling face with open hands",
  "woman's hat",
  "woman's sandal",
  "man's shoe",
  "keycap #",
  "keycap *",
  "keycap 1",
  "snowman without snow",
  "snowman",
  "rolling on the floor laughing",
  "e-mail",
  "up! button",
  "cool button",
  "free button",
  "new button",
];
