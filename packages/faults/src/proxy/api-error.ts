/** A failed request to the API. Its JSON is Toxiproxy's: `{"error": "proxy not found", "status": 404}`. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** The HTTP status, repeated in the body. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }

  toJSON(): { error: string; status: number } {
    return { error: this.message, status: this.status };
  }
}

/** An invalid body. `mistake` names the field, its value and what is accepted. */
export const badRequest = (mistake: string) => new ApiError(400, `bad request body: ${mistake}`);
