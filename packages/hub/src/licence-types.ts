/** What one input's card says about its licence. */
export interface LicenceInput {
  /** Hub id or folder. */
  name: string;
  /** The card's `license`, in the Hub's words (`apache-2.0`, `other`, ...). */
  licence?: string | undefined;
  /** The card's `license_name` where `license` is `other`. */
  licenceName?: string | undefined;
  /** The card's `license_link`. */
  licenceLink?: string | undefined;
}

export interface LicenceFinding {
  /** `conflict`: the inputs' terms cannot all be met by one model; `warning`: a person must look; `note`: for the card. */
  severity: 'conflict' | 'warning' | 'note';
  message: string;
}

/** The licence that follows from the inputs, and why. */
export interface LicenceVerdict {
  /** For the card's `license`; `unknown` where an input does not say, `other` where no single known licence fits. */
  licence: string;
  licenceName?: string;
  licenceLink?: string;
  /** One paragraph for the card. */
  explanation: string;
  findings: readonly LicenceFinding[];
}
