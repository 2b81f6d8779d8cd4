/** An answer of the API other than success. Its members are Toxiproxy's: `{"error": "proxy not found", "status": 404}`. */
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

/** The request is understood by nobody: which field, what it holds, what would do. */
export const badRequest = (mistake: string) => new ApiError(400, `bad request body: ${mistake}`);
