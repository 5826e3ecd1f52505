/** Kinds of OPTIMA's artifacts that several stages share. */

import { file, tree } from "../../pipeline/declare/artifact.ts";

/** What prepare_data makes; read with methods/optima/dataset.ts. */
export const datasetKind = tree("optima-dataset");
/** A teacher's parameters. */
export const teacherWeights = file("optima-teacher", ".safetensors");
/** A teacher's hidden states and embeddings; read with methods/optima/teacher_states.ts. */
export const teacherStates = file("optima-teacher-states", ".safetensors");
/** A student's parameters, its projections and its group head. */
export const studentWeights = file("optima-student", ".safetensors");
